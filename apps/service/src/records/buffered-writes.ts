import type { BatchWriter, DatabaseAbstraction, WriteReceipt } from '@quantumtrade/dal';
import type { CallOptions, RecordName } from '@quantumtrade/dal-domain';

/** Writes through one batch writer, which is opened by the first of them. */
export class BufferedWrites {
  readonly #database: Pick<DatabaseAbstraction, 'batchWriter'>;
  #writer: Promise<BatchWriter> | undefined;

  constructor(database: Pick<DatabaseAbstraction, 'batchWriter'>) {
    this.#database = database;
  }

  async write(record: RecordName, batch: unknown, options: CallOptions): Promise<WriteReceipt> {
    const writer = await (this.#writer ??= this.#open());
    return writer.write(record, batch as never, options);
  }

  /**
   * Stores what is buffered.
   * @throws RowsNotStoredError when the deadline has passed
   */
  async close(deadline: number): Promise<void> {
    const writer = await this.#writer?.catch(() => undefined);
    await writer?.close({ deadline });
  }

  async #open(): Promise<BatchWriter> {
    try {
      return await this.#database.batchWriter();
    } catch (error) {
      this.#writer = undefined;
      throw error;
    }
  }
}
