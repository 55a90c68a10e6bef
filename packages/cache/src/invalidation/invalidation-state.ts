import type { CacheInvalidations, InvalidationListener } from '@quantumtrade/dal-domain';
import type { FirstLevel } from '../tiers/first-level.js';

/** Subscription to the changes of the second level: the one home of its connection state. Each change drops what it affects. */
export class InvalidationState implements InvalidationListener {
  readonly #source: CacheInvalidations;
  readonly #firstLevel: FirstLevel;
  readonly #unsubscribe: () => void;
  #isConnected = false;

  constructor(source: CacheInvalidations, firstLevel: FirstLevel) {
    this.#source = source;
    this.#firstLevel = firstLevel;
    this.#unsubscribe = source.listen(this);
  }

  /** Whether every change by other processes is received. */
  get isConnected(): boolean {
    return this.#isConnected;
  }

  /** Why changes are not received, where that is known. */
  get disconnectedReason(): string | undefined {
    return this.#isConnected ? undefined : this.#source.disconnectedReason?.();
  }

  onConnected(): void {
    this.#isConnected = true;
    this.#firstLevel.allChanged();
  }

  onDisconnected(): void {
    this.#isConnected = false;
    this.#firstLevel.allChanged();
  }

  onInvalidated(keys: readonly string[] | 'all'): void {
    if (keys === 'all') this.#firstLevel.allChanged();
    else this.#firstLevel.changed(keys);
  }

  /** Ends the subscription and drops everything. */
  close(): void {
    this.#unsubscribe();
    this.onDisconnected();
  }
}
