/** One modification of data: what was done, never what the data was. */
export interface AuditEntry {
  /** Epoch milliseconds. */
  at: number;
  /** Who did it: the application's name for itself. */
  actor: string;
  /** The operation, e.g. `marketData.insert` or `schema.migrate`. */
  operation: string;
  /** A UUID of this modification alone. */
  batchId: string;
  /** Under which the store knows the modification's query. Known only while somebody observes operations. */
  queryId?: string;
  insertedCount?: number;
  updatedCount?: number;
  failedCount?: number;
  /** `ok`, or the code of the error. */
  outcome: string;
}

/** Where audit entries go. */
export interface AuditSink {
  /** Keeps the entry. Must not throw for a modification that already happened. */
  record(entry: AuditEntry): Promise<void>;
}
