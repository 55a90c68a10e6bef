/**
 * State of the service. `serving`: calls are served. `draining`: they are, but `/readyz` answers 503 and connections close after
 * their response. `refusing`: new calls are answered with 503.
 */
export type LifecycleState = 'serving' | 'draining' | 'refusing';

/** Holder of the state, which only moves forward. */
export class Lifecycle {
  #state: LifecycleState = 'serving';

  get state(): LifecycleState {
    return this.#state;
  }

  drain(): void {
    if (this.#state === 'serving') this.#state = 'draining';
  }

  refuse(): void {
    this.#state = 'refusing';
  }
}
