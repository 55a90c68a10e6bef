import type { EncodedBlock } from '@quantumtrade/dal-domain';
import { QueryError } from '@quantumtrade/dal-domain';
import { messageOf } from './retry.js';

/** The store refused a block for good. All its rows, of whichever callers, share its fate. */
export class RowsRefusedError extends QueryError {
  /** The id of the dead letter that has the rows; undefined where it could not be kept. */
  readonly deadLetterId: string | undefined;
  readonly rowCount: number;

  /** @param loss why there is no dead letter */
  constructor({ id, record, rowCount }: EncodedBlock, cause: unknown, loss?: { error: unknown }) {
    const operation = `${record}.write`;
    const kept = loss
      ? `could not be kept as a dead letter either (${messageOf(loss.error)})`
      : `are kept as dead letter ${id}`;
    const reason = `the store refused the block: ${messageOf(cause)}; its ${rowCount} rows ${kept}`;
    super(operation, reason, { operation, retryable: false, cause });
    this.deadLetterId = loss ? undefined : id;
    this.rowCount = rowCount;
  }
}
