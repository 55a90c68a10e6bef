import { TimeoutError } from '@quantumtrade/dal-domain';

/** A writer could not settle everything by the deadline of its `close`. */
export class RowsNotStoredError extends TimeoutError {
  /** Rows taken that are neither known to be stored nor journaled. Their callers got this error. */
  readonly rowCount: number;
  /** Blocks that wait in the journal; they are delivered when it is opened again. */
  readonly journaledBlocks: number;

  constructor(durationMs: number, rowCount: number, journaledBlocks: number, pausedBy: string | null) {
    super(durationMs, { operation: 'batchWriter.close' });
    this.rowCount = rowCount;
    this.journaledBlocks = journaledBlocks;
    const reason = pausedBy === null ? '' : ` (${pausedBy})`;
    const waiting = journaledBlocks > 0 ? `; ${journaledBlocks} blocks wait in the journal${reason}` : '';
    this.message += `: ${rowCount} rows are not stored${waiting}`;
  }
}
