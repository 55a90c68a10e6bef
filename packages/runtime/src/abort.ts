/** The part of an `AbortSignal` that this package uses. */
export interface AbortSource {
  readonly aborted: boolean;
  readonly reason: unknown;
  addEventListener(type: 'abort', listener: () => void, options: { once: boolean }): void;
  removeEventListener(type: 'abort', listener: () => void): void;
}

interface Subscription {
  readonly callback: () => void;
}

interface Subscribers {
  readonly subscriptions: Set<Subscription>;
  readonly listener: () => void;
}

const subscribersOf = new WeakMap<AbortSource, Subscribers>();

/**
 * Calls back once when the signal aborts, synchronously; immediately when it has aborted. Returns a function that ends the
 * subscription.
 *
 * A signal carries one listener for all its subscriptions, and none after the last has ended, so any number of calls may share
 * a long-lived signal at constant cost each. A callback that throws does not keep the others from being called.
 */
export function onAbort(signal: AbortSource, callback: () => void): () => void {
  if (signal.aborted) {
    callback();
    return () => undefined;
  }
  let subscribers = subscribersOf.get(signal);
  if (!subscribers) subscribersOf.set(signal, (subscribers = newSubscribers()));
  const { subscriptions, listener } = subscribers;
  if (subscriptions.size === 0) signal.addEventListener('abort', listener, { once: true });
  const subscription = { callback };
  subscriptions.add(subscription);
  return () => {
    if (subscriptions.delete(subscription) && subscriptions.size === 0) {
      signal.removeEventListener('abort', listener);
    }
  };
}

function newSubscribers(): Subscribers {
  const subscriptions = new Set<Subscription>();
  const listener = () => {
    const failures: unknown[] = [];
    for (const { callback } of subscriptions) {
      try {
        callback();
      } catch (error) {
        failures.push(error);
      }
    }
    subscriptions.clear();
    if (failures.length > 0) throw failures[0];
  };
  return { subscriptions, listener };
}

/**
 * Signal with the method that aborts it. An `AbortController` costs several times as much, so one is created only when
 * {@link standard} is read.
 */
export class LightAbortSignal implements AbortSource {
  aborted = false;
  reason: unknown;
  #listeners: Set<() => void> | undefined;
  #controller: AbortController | undefined;

  /** Aborts the signal. A signal that has aborted keeps its reason. */
  abort(reason: unknown = new DOMException('This operation was aborted', 'AbortError')): void {
    if (this.aborted) return;
    this.aborted = true;
    this.reason = reason;
    for (const listener of this.#listeners ?? []) listener();
    this.#controller?.abort(reason);
  }

  throwIfAborted(): void {
    if (this.aborted) throw this.reason;
  }

  addEventListener(_type: 'abort', listener: () => void): void {
    (this.#listeners ??= new Set()).add(listener);
  }

  removeEventListener(_type: 'abort', listener: () => void): void {
    this.#listeners?.delete(listener);
  }

  /** An `AbortSignal` that aborts with this signal. */
  get standard(): AbortSignal {
    if (this.#controller === undefined) {
      this.#controller = new AbortController();
      if (this.aborted) this.#controller.abort(this.reason);
    }
    return this.#controller.signal;
  }
}
