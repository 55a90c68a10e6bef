import type { DatabaseAbstraction, WriteReceipt } from '@quantumtrade/dal';
import type {
  BatchResult,
  CallOptions,
  MissingShards,
  MissingShardsOption,
  Page,
  QueryResult,
  ReadOptions,
  RecordName,
  Reported,
  ReportedEntries,
} from '@quantumtrade/dal-domain';

type Options = ReadOptions<boolean>;
type PartialOptions = Options & MissingShardsOption;
type Rest<O> = [number, O] | [O];

/** The methods of the repository of any record, without the compiler's check of its fields. A record may lack the optional ones. */
export interface AnyRepository {
  insert(batch: unknown, options: CallOptions): Promise<BatchResult>;
  find(params: object, options: PartialOptions): Promise<Reported<Page<object>, MissingShards>>;
  stream(params: object, options: Options): AsyncIterable<object[]>;
  /** Takes a limit, and returns a list of rows, where `latest.returns` of the definition is `rows`. */
  latest?(by: string, ...rest: Rest<Options>): Promise<QueryResult<object> | object | null>;
  latestMany?(
    by: readonly string[],
    ...rest: Rest<PartialOptions>
  ): Promise<ReportedEntries<object, MissingShards>>;
  findById?(id: string, options: Options): Promise<object | null>;
  dueForEvaluation?(
    horizonMinutes: number,
    now: number,
    options: Options & { limit?: number },
  ): Promise<QueryResult<object>>;
}

export const repositoryOf = (database: DatabaseAbstraction, record: RecordName): AnyRepository =>
  database[record] as unknown as AnyRepository;

/** Writes a batch of any record through a batch writer. */
export type BufferedWrite = (
  record: RecordName,
  batch: unknown,
  options: CallOptions,
) => Promise<WriteReceipt>;
