import { describe, expect, it } from '@jest/globals';
import { getEventListeners } from 'node:events';
import { LightAbortSignal, onAbort } from './abort.js';

const listenersOf = (signal: AbortSignal) => getEventListeners(signal, 'abort').length;

describe('onAbort', () => {
  it('calls every callback once when the signal aborts', () => {
    const controller = new AbortController();
    const called: string[] = [];
    onAbort(controller.signal, () => called.push('first'));
    onAbort(controller.signal, () => called.push('second'));
    controller.abort();
    controller.signal.dispatchEvent(new Event('abort'));
    expect(called).toEqual(['first', 'second']);
  });

  it('calls back immediately when the signal has aborted', () => {
    const signal = AbortSignal.abort();
    let calls = 0;
    onAbort(signal, () => calls++)();
    expect(calls).toBe(1);
    expect(listenersOf(signal)).toBe(0);
  });

  it('does not call back after the subscription has ended', () => {
    const controller = new AbortController();
    let calls = 0;
    const end = onAbort(controller.signal, () => calls++);
    end();
    end();
    controller.abort();
    expect(calls).toBe(0);
  });

  it('keeps two subscriptions of one callback apart', () => {
    const controller = new AbortController();
    let calls = 0;
    const callback = () => calls++;
    const end = onAbort(controller.signal, callback);
    onAbort(controller.signal, callback);
    end();
    controller.abort();
    expect(calls).toBe(1);
  });

  it('adds one listener for 10,000 concurrent subscriptions and leaves none', () => {
    const controller = new AbortController();
    const { signal } = controller;
    const ends = Array.from({ length: 10_000 }, () => onAbort(signal, () => undefined));
    expect(listenersOf(signal)).toBe(1);
    for (const end of ends) end();
    expect(listenersOf(signal)).toBe(0);
  });

  it('subscribes anew after all earlier subscriptions have ended', () => {
    const controller = new AbortController();
    let calls = 0;
    for (let i = 0; i < 10_000; i++) onAbort(controller.signal, () => calls++)();
    onAbort(controller.signal, () => calls++);
    controller.abort();
    expect(calls).toBe(1);
    expect(listenersOf(controller.signal)).toBe(0);
  });

  it('skips a callback whose subscription an earlier callback ends', () => {
    const controller = new AbortController();
    const called: string[] = [];
    onAbort(controller.signal, () => endOfSecond());
    const endOfSecond = onAbort(controller.signal, () => called.push('second'));
    onAbort(controller.signal, () => called.push('third'));
    controller.abort();
    expect(called).toEqual(['third']);
  });

  it('lets a callback end its own subscription and add another', () => {
    const controller = new AbortController();
    const called: string[] = [];
    const end = onAbort(controller.signal, () => {
      end();
      onAbort(controller.signal, () => called.push('added'));
    });
    controller.abort();
    expect(called).toEqual(['added']);
  });

  it('calls the remaining callbacks when one throws, and throws its error', () => {
    const failure = new Error('broken callback');
    const called: string[] = [];
    const source = new FakeSignal();
    onAbort(source, () => {
      throw failure;
    });
    onAbort(source, () => called.push('second'));
    expect(() => source.abort()).toThrow(failure);
    expect(called).toEqual(['second']);
  });
});

describe('LightAbortSignal', () => {
  it('calls listeners once and keeps its first reason', () => {
    const signal = new LightAbortSignal();
    let calls = 0;
    onAbort(signal, () => calls++);
    onAbort(signal, () => calls++)();
    signal.abort('first');
    signal.abort('second');
    expect([calls, signal.aborted, signal.reason]).toEqual([1, true, 'first']);
    expect(() => signal.throwIfAborted()).toThrow('first');
  });

  it.each(['before', 'after'])('aborts its standard signal created %s the abort', (when) => {
    const signal = new LightAbortSignal();
    const before = when === 'before' ? signal.standard : undefined;
    signal.abort('reason');
    const standard = before ?? signal.standard;
    expect(standard).toBeInstanceOf(AbortSignal);
    expect(signal.standard).toBe(standard);
    expect(standard.reason).toBe('reason');
  });

  it('aborts with an AbortError by default', () => {
    const signal = new LightAbortSignal();
    expect(() => signal.throwIfAborted()).not.toThrow();
    signal.abort();
    expect(signal.reason).toMatchObject({ name: 'AbortError' });
  });
});

/** An error that a listener of a real signal throws would end the process. */
class FakeSignal {
  aborted = false;
  readonly reason = undefined;
  readonly #listeners = new Set<() => void>();

  abort(): void {
    this.aborted = true;
    for (const listener of this.#listeners) listener();
  }

  addEventListener(_type: 'abort', listener: () => void): void {
    this.#listeners.add(listener);
  }

  removeEventListener(_type: 'abort', listener: () => void): void {
    this.#listeners.delete(listener);
  }
}
