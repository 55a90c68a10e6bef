import { isDatabaseError } from '@quantumtrade/dal-domain';
import { Backoff, sleep, systemClock } from '@quantumtrade/dal-runtime';
import type { CompleteSettings } from '../settings.js';

/** Attempts of one call. */
export class Retries {
  readonly #maxAttempts: number;
  readonly #backoff: Backoff;
  #attempts = 0;

  constructor({ maxAttempts, ...delays }: CompleteSettings['retry']) {
    this.#maxAttempts = maxAttempts;
    this.#backoff = new Backoff(delays);
  }

  /** Waits until the next attempt. Throws the error of the last one unless it is retryable and an attempt is left. */
  async next(error: unknown, signal: AbortSignal): Promise<void> {
    this.#attempts++;
    if (this.#attempts >= this.#maxAttempts || !isWorthRetrying(error)) throw error;
    await sleep(this.#backoff.next(), systemClock, signal);
  }
}

/** A call that cannot make its deadline now cannot make it later. */
const isWorthRetrying = (error: unknown): boolean =>
  isDatabaseError(error) && error.retryable && error.code !== 'TIMEOUT';
