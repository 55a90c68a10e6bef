import type { EncodedBlock } from '@quantumtrade/dal-domain';
import { QueryError, TimeoutError } from '@quantumtrade/dal-domain';
import { messageOf } from './retry.js';

/** A batch writer could not settle everything by the deadline of its `close`. */
export class RowsNotStoredError extends TimeoutError {
  /** Accepted rows that may be neither stored nor journaled. Their writes were rejected with this error. */
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

/** The store refused a block for good, and with it all its rows, whichever callers they are from. */
export class RowsRefusedError extends QueryError {
  /** Id of the dead letter that has the rows; undefined when it could not be kept. */
  readonly deadLetterId: string | undefined;
  readonly rowCount: number;

  /** @param loss - the reason why there is no dead letter */
  constructor({ id, record, rowCount }: EncodedBlock, cause: unknown, loss?: { error: unknown }) {
    const operation = `${record}.write`;
    const fate = loss
      ? `could not be kept as a dead letter either (${messageOf(loss.error)})`
      : `are kept as dead letter ${id}`;
    const reason = `the store refused the block: ${messageOf(cause)}; its ${rowCount} rows ${fate}`;
    super(operation, reason, { operation, retryable: false, cause });
    this.deadLetterId = loss ? undefined : id;
    this.rowCount = rowCount;
  }
}
