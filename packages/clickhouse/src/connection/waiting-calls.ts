export interface Waiting {
  /** In milliseconds of one slot. */
  readonly expectedMs: number;
  readonly admit: () => void;
  previous?: Waiting | undefined;
  next?: Waiting | undefined;
}

/** First in, first out; any may leave at any time. A linked list, so that both cost the same however many wait. */
export class WaitingCalls {
  first: Waiting | undefined;
  #last: Waiting | undefined;
  length = 0;
  #expectedMs = 0;

  /** Of all that wait, in milliseconds of one slot. */
  get expectedMs(): number {
    return this.#expectedMs;
  }

  append(waiting: Waiting): void {
    waiting.previous = this.#last;
    if (this.#last) this.#last.next = waiting;
    else this.first = waiting;
    this.#last = waiting;
    this.length++;
    this.#expectedMs += waiting.expectedMs;
  }

  remove(waiting: Waiting): void {
    const { previous, next } = waiting;
    if (previous) previous.next = next;
    else this.first = next;
    if (next) next.previous = previous;
    else this.#last = previous;
    this.length--;
    // Sums of fractions drift.
    this.#expectedMs = this.length === 0 ? 0 : this.#expectedMs - waiting.expectedMs;
  }
}
