import type { TimeSource } from '@quantumtrade/dal-domain';

/** Keeps the answer to a costly question for a short time, however many pages ask it. A failure is not kept. */
export class CachedAnswer<T> {
  readonly #ask: () => Promise<T>;
  readonly #keepMs: number;
  readonly #clock: TimeSource;
  #last: { readonly at: number; readonly answer: Promise<T> } | undefined;

  constructor(ask: () => Promise<T>, keepMs: number, clock: TimeSource) {
    this.#ask = ask;
    this.#keepMs = keepMs;
    this.#clock = clock;
  }

  async get(): Promise<T> {
    const now = this.#clock.now();
    if (!this.#last || Math.abs(now - this.#last.at) >= this.#keepMs) {
      this.#last = { at: now, answer: this.#ask() };
    }
    const asked = this.#last;
    try {
      return await asked.answer;
    } catch (error) {
      if (this.#last === asked) this.#last = undefined;
      throw error;
    }
  }
}
