/** The part of an `AbortSignal` that {@link onAbort} uses. */
export interface AbortSource {
  readonly aborted: boolean;
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
