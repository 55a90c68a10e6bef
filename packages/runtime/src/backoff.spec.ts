import { describe, expect, it } from '@jest/globals';
import { Backoff } from './backoff.js';

const bounds = (backoff: Backoff, count: number) => Array.from({ length: count }, () => backoff.next());

describe('Backoff', () => {
  it('doubles the bound of each delay up to the maximum', () => {
    const backoff = new Backoff({ initialDelayMs: 100, maxDelayMs: 500, random: () => 0.5 });
    expect(bounds(backoff, 5)).toEqual([50, 100, 200, 250, 250]);
  });

  it('multiplies the bound by the multiplier that is given', () => {
    const backoff = new Backoff({ initialDelayMs: 10, backoffMultiplier: 3, random: () => 0.5 });
    expect(bounds(backoff, 3)).toEqual([5, 15, 45]);
  });

  it('keeps the initial delay as bound when the multiplier is 1', () => {
    const backoff = new Backoff({ initialDelayMs: 100, backoffMultiplier: 1, random: () => 0.9 });
    expect(bounds(backoff, 4)).toEqual([90, 90, 90, 90]);
    const delays = bounds(new Backoff({ initialDelayMs: 100, backoffMultiplier: 1 }), 1_000);
    expect(Math.max(...delays)).toBeLessThan(100);
    expect(delays.reduce((sum, delay) => sum + delay, 0) / delays.length).toBeGreaterThan(40);
  });

  it('begins again with the initial delay after a reset', () => {
    const backoff = new Backoff({ initialDelayMs: 100, random: () => 0.5 });
    bounds(backoff, 5);
    backoff.reset();
    expect(backoff.next()).toBe(50);
  });

  it('never exceeds the maximum, also when the initial delay does', () => {
    const backoff = new Backoff({ initialDelayMs: 1_000, maxDelayMs: 10, random: () => 0.5 });
    expect(bounds(backoff, 2_000).every((delay) => delay === 5)).toBe(true);
  });

  it('waits not at all when the initial delay is 0', () => {
    expect(Math.max(...bounds(new Backoff({ initialDelayMs: 0 }), 2_000))).toBe(0);
  });
});
