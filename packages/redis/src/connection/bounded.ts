import type { CallOptions } from '@quantumtrade/dal-domain';
import { checkCall, TimeoutError } from '@quantumtrade/dal-domain';
import { onAbort, promiseTry } from '@quantumtrade/dal-runtime';
import { Deadlines } from './deadlines.js';

const deadlines = new Deadlines();

export interface BoundedOptions {
  /** How long a call without a deadline may take. Default is `limitMs`. */
  readonly budgetMs?: number | undefined;
  /** Called when the work still goes on at `limitMs`, even if the caller has left before. */
  readonly onOverdue?: () => void;
  /** What the work rejects with is passed through it. */
  readonly asError?: (error: unknown) => unknown;
  /** Whether the work's result is one. With another the call fails with what `onWrong` returns, passed through `asError`. */
  readonly isAnswer?: ((answer: unknown) => boolean) | undefined;
  readonly onWrong?: () => unknown;
}

/**
 * Runs work that ends by `limitMs` or the call's deadline, whichever is first, or when its signal is aborted. The work
 * itself goes on: it asks `isOver` before it does what should no longer be done.
 */
export function bounded<T>(
  operation: string,
  options: CallOptions | undefined,
  limitMs: number,
  work: (isOver: () => boolean) => Promise<T>,
  { budgetMs = limitMs, onOverdue, asError, isAnswer, onWrong }: BoundedOptions = {},
): Promise<T> {
  return new Promise<T>((resolve, reject) => {
    checkCall(options, operation);
    const { signal, deadline } = options ?? {};
    const begin = Date.now();
    const callMs = Math.min(limitMs, deadline === undefined ? budgetMs : deadline - begin);
    let isOver = false;
    let hasEnded = false;
    let ignoreSignal: (() => void) | undefined;
    const end = (): boolean => {
      if (isOver) return false;
      isOver = true;
      ignoreSignal?.();
      return true;
    };
    const leave = (reason: unknown) => {
      if (end()) reject(reason);
    };
    const onTimeout = () => {
      if (hasEnded) return;
      leave(new TimeoutError(Date.now() - begin, { operation }));
      if (callMs < limitMs) timer = deadlines.after(limitMs - callMs, onLimit);
      else onLimit();
    };
    const onLimit = () => {
      if (!hasEnded) onOverdue?.();
    };
    let timer = deadlines.after(callMs, onTimeout);
    const endWork = () => {
      hasEnded = true;
      deadlines.cancel(timer);
    };
    if (signal) ignoreSignal = onAbort(signal, () => leave(signal.reason));
    promiseTry(() => work(() => isOver)).then(
      (value) => {
        endWork();
        if (isAnswer && !isAnswer(value)) leave(asError ? asError(onWrong?.()) : onWrong?.());
        else if (end()) resolve(value);
      },
      (error: unknown) => {
        endWork();
        leave(asError ? asError(error) : error);
      },
    );
  });
}
