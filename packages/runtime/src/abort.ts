/** The part of an `AbortSignal` that this package uses. */
export interface AbortSource {
  readonly aborted: boolean;
  readonly reason: unknown;
  addEventListener(type: 'abort', listener: () => void, options: { once: boolean }): void;
  removeEventListener(type: 'abort', listener: () => void): void;
}

interface Subscribers {
  /** One function for each subscription. */
  readonly callbacks: Set<() => void>;
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
  if (signal instanceof LightAbortSignal) return signal.subscribe(callback);
  let subscribers = subscribersOf.get(signal);
  if (!subscribers) subscribersOf.set(signal, (subscribers = newSubscribers()));
  const { callbacks, listener } = subscribers;
  if (callbacks.size === 0) signal.addEventListener('abort', listener, { once: true });
  const subscription = () => callback();
  callbacks.add(subscription);
  return () => {
    if (callbacks.delete(subscription) && callbacks.size === 0) signal.removeEventListener('abort', listener);
  };
}

function newSubscribers(): Subscribers {
  const callbacks = new Set<() => void>();
  const listener = () => {
    try {
      callAll(callbacks);
    } finally {
      callbacks.clear();
    }
  };
  return { callbacks, listener };
}

/** Calls every callback that is still in the set, then throws the first of their errors. */
function callAll(callbacks: Set<() => void>): void {
  const failures: unknown[] = [];
  for (const callback of callbacks) {
    try {
      callback();
    } catch (error) {
      failures.push(error);
    }
  }
  if (failures.length > 0) throw failures[0];
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
    if (this.#listeners) callAll(this.#listeners);
    this.#controller?.abort(reason);
  }

  throwIfAborted(): void {
    if (this.aborted) throw this.reason;
  }

  /** Calls back when the signal aborts. Returns a function that ends the subscription. */
  subscribe(callback: () => void): () => void {
    const listener = () => callback();
    (this.#listeners ??= new Set()).add(listener);
    return () => this.#listeners!.delete(listener);
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
