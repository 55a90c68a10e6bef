import type { RecordName } from '@quantumtrade/dal-domain';

interface BlockEvent {
  readonly record: RecordName;
  readonly blockId: string;
  readonly error: unknown;
}

/** Event of a batch writer besides the outcomes of its calls, for logs and metrics. */
export type BatchWriterEvent =
  /** A block could not be stored or journaled; it is sent again after the delay. */
  | (BlockEvent & { readonly type: 'retry-scheduled'; readonly delayMs: number })
  /** The store refused a block for good; it is a dead letter now. */
  | (BlockEvent & { readonly type: 'dead-letter-added'; readonly rowCount: number })
  /** The journal could not be delivered; delivery continues after the delay. */
  | { readonly type: 'delivery-delayed'; readonly delayMs: number; readonly error: unknown }
  /**
   * The store accepts nothing from the journal until its login, certificate or address is repaired. Emitted once; delivery is
   * attempted every `retryAfterMs`, and nothing is lost meanwhile.
   */
  | { readonly type: 'delivery-paused'; readonly retryAfterMs: number; readonly error: unknown }
  /** Delivery continues after a pause. */
  | { readonly type: 'delivery-resumed' }
  /** A record of the journal is no block. The file has its bytes; delivery continues with the next record. */
  | {
      readonly type: 'record-quarantined';
      readonly recordId: string;
      readonly file: string;
      readonly error: unknown;
    };

export type BatchWriterEventListener = (event: BatchWriterEvent) => void;

/** Returns a listener that never throws: a failure of the caller's listener is ignored. */
export const withoutThrowing =
  <T>(listener: ((event: T) => void) | undefined): ((event: T) => void) =>
  (event) => {
    try {
      listener?.(event);
    } catch {
      return;
    }
  };
