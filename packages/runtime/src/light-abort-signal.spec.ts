import { onAbort } from './deadline.js';
import { LightAbortSignal } from './light-abort-signal.js';

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
