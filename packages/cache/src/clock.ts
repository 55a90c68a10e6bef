import type { TimeSource } from '@quantumtrade/dal-domain';
import { systemClock } from '@quantumtrade/dal-domain';

/** Where the time comes from, and who calls back. Tests inject their own. */
export interface CacheClock extends TimeSource {
  /** Calls back after a span of milliseconds, unless the function returned is called before. */
  after(milliseconds: number, callback: () => void): () => void;
}

const LONGEST_TIMER_MS = 2 ** 31 - 1;

export const systemCacheClock: CacheClock = {
  now: systemClock.now,
  after(milliseconds, callback) {
    const timer = setTimeout(callback, Math.min(milliseconds, LONGEST_TIMER_MS));
    return () => clearTimeout(timer);
  },
};
