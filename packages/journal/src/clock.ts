/** Where the time comes from. Tests inject their own. */
export interface JournalClock {
  /** Epoch milliseconds. */
  now(): number;
  /** Calls back after a span of milliseconds, unless the function returned is called before. */
  after(milliseconds: number, callback: () => void): () => void;
}

const longestTimer = 2 ** 31 - 1;

export const systemClock: JournalClock = {
  now: () => Date.now(),
  after(milliseconds, callback) {
    const timer = setTimeout(callback, Math.min(milliseconds, longestTimer));
    return () => clearTimeout(timer);
  },
};
