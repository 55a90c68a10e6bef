/** One modification of data: what was done, never what the data was. */
export interface AuditEntry {
  /** Epoch milliseconds. */
  at: number;
  /** Name of the application that made the modification. */
  actor: string;
  /**
   * The operation, e.g. `marketData.insert`, `schema.migrate`, `marketData.write` for a block of a batch writer, a replay
   * or a transaction, or `transactions.run` for the result of a transaction, with the rows of all its blocks.
   */
  operation: string;
  /**
   * The id of the block or the transaction, else a UUID of this modification alone. A block that is stored again, as after
   * a lost answer or a crash, has the same rows under the same id.
   */
  batchId: string;
  /** The transaction that this is, or is a part of. */
  transactionId?: string;
  /** Id of the modification's query in the store. Present only while operations are observed. */
  queryId?: string;
  insertedCount?: number;
  updatedCount?: number;
  failedCount?: number;
  /** `ok`, or the code of the error. */
  outcome: string;
}

/** Destination of audit entries. */
export interface AuditSink {
  /** Keeps the entry. Must not throw for a modification that already happened. */
  record(entry: AuditEntry): Promise<void>;
}
