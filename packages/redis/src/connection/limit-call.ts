import type { CallOptions } from '@quantumtrade/dal-domain';
import { checkCall, TimeoutError } from '@quantumtrade/dal-domain';
import { Deadline, expiryTimer, promiseTry } from '@quantumtrade/dal-runtime';

export interface CallLimits {
  /** Longest duration of any call, whatever its own deadline. */
  readonly timeoutMs: number;
  /** Duration of a call without a deadline. @default timeoutMs (milliseconds) */
  readonly budgetMs?: number;
  /** Host and port of the server, for the error. @default none */
  readonly endpoint?: string | undefined;
  /** Called when the caller leaves work that still runs, at a limit or by its signal. */
  readonly onLeave?: (elapsedMs: number) => void;
  /** Called when the work still runs at `timeoutMs`, even if its caller has left earlier. */
  readonly onOverdue?: () => void;
}

/**
 * Runs the work of a call. Rejects with `TimeoutError` at the call's limit and with the signal's reason when it aborts. The work
 * itself continues: it asks `isOver` before it sends anything more.
 */
export function limitCall<T>(
  operation: string,
  options: CallOptions | undefined,
  { timeoutMs, budgetMs = timeoutMs, endpoint, onLeave, onOverdue }: CallLimits,
  work: (isOver: () => boolean) => Promise<T>,
): Promise<T> {
  return promiseTry(() => {
    checkCall(options, operation);
    const { signal, deadline: at } = options ?? {};
    const deadline = new Deadline(
      { signal, deadline: at, timeoutMs: at === undefined ? Math.min(budgetMs, timeoutMs) : timeoutMs },
      (elapsedMs) => new TimeoutError(elapsedMs, { operation, ...(endpoint !== undefined && { endpoint }) }),
    );
    const result = promiseTry(() => work(() => deadline.aborted));
    return deadline.race(result, () => {
      onLeave?.(deadline.elapsedMs);
      if (onOverdue) reportOverdue(result, timeoutMs - deadline.elapsedMs, onOverdue);
    });
  });
}

/** Calls back unless work that its caller no longer waits for settles in time. */
function reportOverdue(result: Promise<unknown>, remainingMs: number, onOverdue: () => void): void {
  if (remainingMs <= 0) return onOverdue();
  const expiry = expiryTimer.after(remainingMs, onOverdue);
  const cancel = () => expiryTimer.cancel(expiry);
  result.then(cancel, cancel);
}
