import type { TimeSource } from './clock.js';

export interface RetryBudgetOptions {
  /** Retries that each request pays for. @default 0.1 (retries for each request) */
  readonly ratio?: number;
  /** Retries that need no recent requests: the initial balance, paid back by the next requests. @default 10 (retries) */
  readonly reserve?: number;
  /** How long a request pays for retries. @default 10,000 (milliseconds) */
  readonly windowMs?: number;
}

/** Unspent deposits expire in steps of a tenth of the window. */
const SLOTS = 10;
/** Balances are whole numbers of millionths of a retry: sums of fractions drift. */
const UNITS_PER_RETRY = 1_000_000;

/**
 * Limits retries and hedged requests to a share of the requests of one backend, so that a failing backend is not sent several times
 * its load. From its creation on, under any schedule:
 *
 * attempts ≤ (1 + ratio) × requests + reserve
 *
 * A request deposits `ratio` retries. A deposit refills the reserve first; beyond it, it expires after `windowMs`, so that no surplus
 * of quiet hours pays for a storm. Nothing is deposited by time alone, which would break the bound.
 *
 * After Finagle's `RetryBudget` (its deposits expire as well; its minimum of retries a second is the reserve here) and the retry
 * throttling of gRPC (a balance that calls refill). A retry is paid for when it is decided, before its delay: Envoy, where retries
 * that wait are not counted, lets all of them pass at once (envoyproxy/envoy#30205).
 */
export class RetryBudget {
  readonly #time: TimeSource;
  readonly #deposit: number;
  readonly #maxReserve: number;
  readonly #slotMs: number;
  #reserve: number;
  /** Unspent deposits by time slot, a ring. */
  readonly #slots = new Array<number>(SLOTS).fill(0);
  /** Sum of the slots. */
  #recent = 0;
  /** Number of the current time slot. */
  #slot: number;
  /** When it ends (epoch milliseconds). */
  #slotEndsAt: number;

  constructor(time: TimeSource, options: RetryBudgetOptions = {}) {
    const { ratio = 0.1, reserve = 10, windowMs = 10_000 } = options;
    this.#time = time;
    this.#deposit = Math.floor(ratio * UNITS_PER_RETRY);
    this.#maxReserve = this.#reserve = Math.floor(reserve * UNITS_PER_RETRY);
    this.#slotMs = windowMs / SLOTS;
    this.#slot = Math.floor(time.now() / this.#slotMs);
    this.#slotEndsAt = (this.#slot + 1) * this.#slotMs;
  }

  /** Number of retries that may be made now; may have a fraction. */
  get balance(): number {
    this.#expire();
    return (this.#reserve + this.#recent) / UNITS_PER_RETRY;
  }

  /** Counts the first attempt of a request. */
  onRequest(): void {
    if (this.#time.now() >= this.#slotEndsAt) this.#expire();
    const refill = Math.min(this.#deposit, this.#maxReserve - this.#reserve);
    this.#reserve += refill;
    this.#slots[this.#slot % SLOTS]! += this.#deposit - refill;
    this.#recent += this.#deposit - refill;
  }

  /** Takes one retry or hedged request from the balance. Returns false, and takes nothing, when the balance does not suffice. */
  tryRetry(): boolean {
    this.#expire();
    if (this.#recent + this.#reserve < UNITS_PER_RETRY) return false;
    let due = UNITS_PER_RETRY;
    // The oldest deposits expire first.
    for (let slot = this.#slot + 1; due > 0 && slot <= this.#slot + SLOTS; slot++) {
      const taken = Math.min(due, this.#slots[slot % SLOTS]!);
      this.#slots[slot % SLOTS]! -= taken;
      this.#recent -= taken;
      due -= taken;
    }
    this.#reserve -= due;
    return true;
  }

  /** Drops the deposits that are older than the window. When the clock goes back, none expires until it has caught up. */
  #expire(): void {
    const now = Math.floor(this.#time.now() / this.#slotMs);
    for (let steps = Math.min(now - this.#slot, SLOTS); steps > 0; steps--) {
      const oldest = ++this.#slot % SLOTS;
      this.#recent -= this.#slots[oldest]!;
      this.#slots[oldest] = 0;
    }
    if (now > this.#slot) this.#slot = now;
    this.#slotEndsAt = (this.#slot + 1) * this.#slotMs;
  }
}
