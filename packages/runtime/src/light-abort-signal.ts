import type { Cancel } from './clock.js';
import { callAll, type AbortSource, type Callbacks } from './deadline.js';

/**
 * Signal with the method that aborts it. An `AbortController` costs several times as much, so one is created only when
 * {@link standard} is read.
 */
export class LightAbortSignal implements AbortSource {
  aborted = false;
  reason: unknown;
  #callbacks: Callbacks | undefined;
  #controller: AbortController | undefined;

  /** Aborts the signal. A signal that has aborted keeps its reason. */
  abort(reason: unknown = new DOMException('This operation was aborted', 'AbortError')): void {
    if (this.aborted) return;
    this.aborted = true;
    this.reason = reason;
    if (this.#callbacks) callAll(this.#callbacks);
    this.#controller?.abort(reason);
  }

  throwIfAborted(): void {
    if (this.aborted) throw this.reason;
  }

  /** Calls back when the signal aborts; immediately when it has. Returns a function that ends the subscription. */
  subscribe(callback: () => void): Cancel {
    if (this.aborted) callback();
    const callbacks = (this.#callbacks ??= new Map());
    const subscription = {};
    callbacks.set(subscription, callback);
    return () => callbacks.delete(subscription);
  }

  addEventListener(_type: 'abort', listener: () => void): void {
    (this.#callbacks ??= new Map()).set(listener, listener);
  }

  removeEventListener(_type: 'abort', listener: () => void): void {
    this.#callbacks?.delete(listener);
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
