/** Cancels a timer that has not fired yet. Later calls have no effect. */
export type Cancel = () => void;

/** Source of the current time. Tests inject their own. */
export interface TimeSource {
  /** Returns epoch milliseconds. */
  now(): number;
}

/** Time source with timers. Tests inject their own. */
export interface Clock extends TimeSource {
  /** Runs a callback once after a delay in milliseconds; with 0 or less, after the current turn of the event loop. */
  after(delayMs: number, run: () => void): Cancel;
}

/** Node runs longer timers immediately. */
export const MAX_TIMER_MS = 2 ** 31 - 1;

/** Clock of the machine. A pending timer keeps the process alive. */
export const systemClock: Clock = {
  now: Date.now,
  after(delayMs, run) {
    if (delayMs <= 0) {
      const immediate = setImmediate(run);
      return () => clearImmediate(immediate);
    }
    let timer: NodeJS.Timeout;
    const wait = (restMs: number) => {
      timer =
        restMs > MAX_TIMER_MS
          ? setTimeout(() => wait(restMs - MAX_TIMER_MS), MAX_TIMER_MS)
          : setTimeout(run, restMs);
    };
    wait(delayMs);
    return () => clearTimeout(timer);
  },
};
