import type { RecordDefinition } from './definition.js';
import type { Row, RowError } from './row.js';

/** A checked batch: the accepted rows and the reasons for the refused ones. */
export interface PreparedBatch {
  readonly definition: RecordDefinition;
  readonly rows: readonly PreparedRow[];
  readonly errors: RowError[];
  /** Rows in which a decimal was rounded because the batch allows it. */
  readonly roundedCount: number;
}

export interface PreparedRow {
  readonly row: Row;
  /** Decides between two writes of one key. */
  readonly version: bigint;
}
