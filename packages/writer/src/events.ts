import type { RecordName } from '@quantumtrade/dal-domain';

/** What happens to a writer besides its calls' outcomes: for logs and metrics. */
export type WriterEvent =
  /** A block could not be stored or journaled yet and is tried again after the delay. */
  | {
      readonly type: 'retry';
      readonly record: RecordName;
      readonly blockId: string;
      readonly delayMs: number;
      readonly error: unknown;
    }
  /** The store refused a block for good; it is a dead letter now. */
  | {
      readonly type: 'dead-letter';
      readonly record: RecordName;
      readonly blockId: string;
      readonly rowCount: number;
      readonly error: unknown;
    }
  /** What is in the journal could not be delivered yet; it is tried again after the delay. */
  | { readonly type: 'delivery-delayed'; readonly delayMs: number; readonly error: unknown }
  /**
   * The store takes nothing from the journal until somebody mends the login, the certificate or the address. Emitted once;
   * delivery is tried every `retryAfterMs`, and nothing is lost meanwhile.
   */
  | { readonly type: 'delivery-paused'; readonly retryAfterMs: number; readonly error: unknown }
  /** Delivery goes on after a pause. */
  | { readonly type: 'delivery-resumed' }
  /** A record of the journal is no block. Its bytes are kept in the file; delivery goes on with the next record. */
  | {
      readonly type: 'record-set-aside';
      readonly recordId: string;
      readonly file: string;
      readonly error: unknown;
    };

export type WriterEventListener = (event: WriterEvent) => void;

/** A listener whose own failure can't become the writer's. */
export const quietly =
  <T>(listener: ((event: T) => void) | undefined): ((event: T) => void) =>
  (event) => {
    try {
      listener?.(event);
    } catch {
      // Nobody to tell.
    }
  };
