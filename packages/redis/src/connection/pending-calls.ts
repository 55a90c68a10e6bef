import { TOO_MANY_PENDING_BYTES, TOO_MANY_PENDING_CALLS, type RedisFailure } from '../failures.js';

export interface PendingLimits {
  /** Most calls that wait for the connection or for their replies. */
  readonly maxPendingCalls: number;
  /** Length of the values of such calls from which on no further values are accepted. */
  readonly maxPendingBytes: number;
}

/**
 * Limit on calls whose commands have no reply yet. A call counts until then, even if its caller has left: the driver keeps its command,
 * and commands to a server that hangs would fill the memory.
 */
export class PendingCalls {
  readonly #limits: PendingLimits;
  #calls = 0;
  #bytes = 0;

  constructor(limits: PendingLimits) {
    this.#limits = limits;
  }

  /** Admits a call. Returns a failure when too many calls, or for a call with values too many bytes, are pending. */
  enter(bytes: number): RedisFailure | undefined {
    if (this.#calls >= this.#limits.maxPendingCalls) return TOO_MANY_PENDING_CALLS;
    // The bytes before this call count, so that no call is too large by itself.
    if (bytes > 0 && this.#bytes >= this.#limits.maxPendingBytes) return TOO_MANY_PENDING_BYTES;
    this.#calls++;
    this.#bytes += bytes;
    return undefined;
  }

  leave(bytes: number): void {
    this.#calls--;
    this.#bytes -= bytes;
  }
}
