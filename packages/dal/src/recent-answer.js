/** Asks a question, and keeps the last answer for a short time: probes and scrapes come every few seconds, from several places. */
export class RecentAnswer {
    #ask;
    #keepMs;
    #clock;
    #isComplete;
    #last;
    /** An answer that is not complete is returned, and asked for again by the next caller. @param isComplete - @default every answer is */
    constructor(ask, keepMs, clock, isComplete = () => true) {
        this.#ask = ask;
        this.#keepMs = keepMs;
        this.#clock = clock;
        this.#isComplete = isComplete;
    }
    /** Returns an answer that is not older than the time for which it is kept, or asks; undefined when that fails. */
    async get(options) {
        const now = this.#clock.now();
        if (!this.#last || Math.abs(now - this.#last.at) >= this.#keepMs) {
            this.#last = { at: now, answer: this.#ask(options) };
        }
        const asked = this.#last;
        const answer = await asked.answer.catch(() => undefined);
        const isKept = answer !== undefined && this.#isComplete(answer);
        if (!isKept && this.#last === asked)
            this.#last = undefined;
        return answer;
    }
}
