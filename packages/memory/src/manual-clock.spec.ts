import { describe, expect, it } from '@jest/globals';
import { ManualClock } from './manual-clock.js';

describe('ManualClock', () => {
  it('stands still until it is moved', () => {
    const clock = new ManualClock(new Date('2024-01-01T00:00:00Z'));
    expect(clock.now()).toBe(Date.UTC(2024, 0, 1));
    clock.advance(1_500);
    expect(clock.now()).toBe(Date.UTC(2024, 0, 1) + 1_500);
    clock.set(42);
    expect(clock.now()).toBe(42);
  });
});
