import type { CallOptions, TimeSource } from '@quantumtrade/dal-domain';

/** Asks a question, and keeps the last answer for a short time: probes and scrapes come every few seconds, from several places. */
export class RecentAnswer<T> {
  readonly #ask: (options: CallOptions) => Promise<T>;
  readonly #keepMs: number;
  readonly #clock: TimeSource;
  readonly #isComplete: (answer: T) => boolean;
  #last: { readonly at: number; readonly answer: Promise<T> } | undefined;

  /** An answer that is not complete is returned, and asked for again by the next caller. @param isComplete - @default every answer is */
  constructor(
    ask: (options: CallOptions) => Promise<T>,
    keepMs: number,
    clock: TimeSource,
    isComplete: (answer: T) => boolean = () => true,
  ) {
    this.#ask = ask;
    this.#keepMs = keepMs;
    this.#clock = clock;
    this.#isComplete = isComplete;
  }

  /** Returns an answer that is not older than the time for which it is kept, or asks; undefined when that fails. */
  async get(options: CallOptions): Promise<T | undefined> {
    const now = this.#clock.now();
    if (!this.#last || Math.abs(now - this.#last.at) >= this.#keepMs) {
      this.#last = { at: now, answer: this.#ask(options) };
    }
    const asked = this.#last;
    const answer = await asked.answer.catch(() => undefined);
    const isKept = answer !== undefined && this.#isComplete(answer);
    if (!isKept && this.#last === asked) this.#last = undefined;
    return answer;
  }
}
