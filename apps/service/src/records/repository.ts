import type { DatabaseAbstraction, WriteReceipt } from '@quantumtrade/dal';
import type {
  BatchResult,
  CallOptions,
  Page,
  QueryResult,
  ReadOptions,
  RecordName,
} from '@quantumtrade/dal-domain';

type Options = ReadOptions<boolean>;

/** The methods of the repository of any record, without the compiler's check of its fields. A record may lack the optional ones. */
export interface AnyRepository {
  insert(batch: unknown, options: CallOptions): Promise<BatchResult>;
  find(params: object, options: Options): Promise<Page<object>>;
  stream(params: object, options: Options): AsyncIterable<object[]>;
  /** Takes a limit, and returns a list of rows, where `latest.returns` of the definition is `rows`. */
  latest?(by: string, ...rest: [number, Options] | [Options]): Promise<QueryResult<object> | object | null>;
  latestMany?(by: readonly string[], ...rest: [number, Options] | [Options]): Promise<Map<string, object>>;
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
