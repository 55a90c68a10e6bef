import type {
  AnyColumns,
  CallOptions,
  ColumnQuery,
  FieldName,
  ReadOptions,
  RecordDefinition,
  RecordName,
  RecordRepositories,
  StreamQuery,
} from '@quantumtrade/dal-domain';
import { checkOptions, repeatable, requireRecord, STORE_READ_OPTIONS } from '@quantumtrade/dal-domain';
import type { RecordBatch } from 'apache-arrow';
import { AsyncByteQueue, RecordBatchStreamWriter, Table } from 'apache-arrow';
import { RecordEncoder } from './record-encoder.js';

/** Holder of the repository of a record: a `DatabaseAbstraction` or a backend. */
export type ArrowSource<N extends RecordName> = {
  readonly [R in N]: Pick<RecordRepositories[R], 'columns' | 'streamColumns'>;
};

/** The reads of any repository. */
interface ColumnReads {
  columns(params: object | undefined, options: ReadOptions<boolean>): Promise<AnyColumns>;
  streamColumns(params: object | undefined, options: ReadOptions<boolean>): AsyncIterable<AnyColumns>;
}

interface Read {
  readonly definition: RecordDefinition;
  readonly reads: ColumnReads;
  readonly options: ReadOptions<boolean>;
}

/**
 * Returns the repository, and the options of an exact read. Features have no exact form, because they need none. An answer of Arrow names no
 * missing shards, so that it does not allow them.
 */
function readOf<N extends RecordName>(source: ArrowSource<N>, record: N, options: CallOptions = {}): Read {
  const definition = requireRecord(record, 'arrow');
  checkOptions(options, 'arrow', STORE_READ_OPTIONS);
  return {
    definition,
    reads: source[record] as unknown as ColumnReads,
    options: definition.batch.form === 'sets' ? options : { ...options, exact: true },
  };
}

/**
 * Returns all matching rows as an Arrow table of one batch. Values are exact: decimals are `Decimal(18, 8)` or
 * `Decimal(38, 8)`. Typed arrays that have the form of Arrow already are not copied. The limits and errors are those of
 * `RecordRepository.columns`.
 */
export async function arrowTable<N extends RecordName, S extends FieldName<N> = FieldName<N>>(
  source: ArrowSource<N>,
  record: N,
  params?: ColumnQuery<N, S>,
  options?: CallOptions,
): Promise<Table> {
  const { definition, reads, options: exact } = readOf(source, record, options);
  const columns = await reads.columns(params, exact);
  const encoder = new RecordEncoder(definition, params?.select);
  return new Table(encoder.schema, encoder.batch(columns));
}

/**
 * Reads all matching rows as Arrow record batches of one schema, in constant memory, like `RecordRepository.streamColumns`. No batch
 * is empty, and an answer without rows has none.
 */
export const arrowBatches = repeatable(async function* <
  N extends RecordName,
  S extends FieldName<N> = FieldName<N>,
>(
  source: ArrowSource<N>,
  record: N,
  params?: StreamQuery<N, S>,
  options?: CallOptions,
): AsyncGenerator<RecordBatch, void, undefined> {
  const { definition, reads, options: exact } = readOf(source, record, options);
  let encoder: RecordEncoder | undefined;
  for await (const columns of reads.streamColumns(params, exact)) {
    encoder ??= new RecordEncoder(definition, params?.select);
    yield encoder.batch(columns);
  }
});

/**
 * Reads all matching rows as the bytes of an Arrow IPC stream, in constant memory, like `RecordRepository.streamColumns`. Each item
 * has the messages of one batch, the first the schema as well, and the last the end of the stream only: bytes without that end
 * are of a read that failed or was left. An answer without rows has its schema.
 */
export const arrowStream = repeatable(async function* <
  N extends RecordName,
  S extends FieldName<N> = FieldName<N>,
>(
  source: ArrowSource<N>,
  record: N,
  params?: StreamQuery<N, S>,
  options?: CallOptions,
): AsyncGenerator<Uint8Array, void, undefined> {
  const messages = new WrittenMessages();
  const writer = new RecordBatchStreamWriter();
  // The read checks its parameters when it begins, so nothing is written before.
  let isBegun = false;
  for await (const batch of arrowBatches(source, record, params, options)) {
    if (!isBegun) writer.reset(messages, batch.schema);
    isBegun = true;
    writer.write(batch);
    yield messages.take();
  }
  if (!isBegun) {
    const { definition } = readOf(source, record);
    writer.reset(messages, new RecordEncoder(definition, params?.select).schema);
  }
  writer.finish();
  yield messages.take();
});

/** Collects what a writer writes until it is taken. The queue that it replaces has no limit. */
class WrittenMessages extends AsyncByteQueue {
  #parts: Uint8Array[] = [];

  override write(part: Uint8Array): void {
    this.#parts.push(part);
  }

  take(): Uint8Array {
    const bytes = Buffer.concat(this.#parts);
    this.#parts = [];
    return new Uint8Array(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  }
}
