import type { CallOutcome } from './call-outcome.js';
import { CircuitBreaker, type CircuitBreakerOptions } from './circuit-breaker.js';
import { ManualClock } from './manual-clock.js';

const OUTCOMES: Record<string, CallOutcome> = {
  s: 'success',
  f: 'failure',
  o: 'overloaded',
  i: 'ignored',
};
const base = {
  window: 10,
  minimumCalls: 4,
  openMs: 100,
  maxOpenMs: 1_000,
  openJitter: 0,
  probeTimeoutMs: 50,
};

function report(breaker: CircuitBreaker, outcomes: string): void {
  for (const outcome of outcomes) breaker.tryEnter()!.report(OUTCOMES[outcome]!);
}

function breakerAfter(outcomes: string, options: CircuitBreakerOptions = {}) {
  const clock = new ManualClock();
  const breaker = new CircuitBreaker(clock, { ...base, ...options });
  report(breaker, outcomes);
  return { breaker, clock };
}

/** Returns how long an open breaker refuses calls, to the millisecond, and lets a probe fail. */
function openTime({ breaker, clock }: ReturnType<typeof breakerAfter>): number {
  for (let passedMs = 0; ; passedMs++) {
    const probe = breaker.tryEnter();
    if (probe) {
      probe.report('failure');
      return passedMs;
    }
    clock.advance(1);
  }
}

it.each([
  ['fff', 'closed'],
  ['ffff', 'open'],
  ['ffof', 'open'],
  ['ssff', 'open'],
  ['sssff', 'closed'],
  ['iiiffsss', 'closed'],
  ['ssssssssffff', 'closed'],
  ['ssssssssff' + 'ssssssssss' + 'ffff', 'closed'],
  ['ssssssssfffff', 'open'],
])('breaker after outcomes %s is %s', (outcomes, state) => {
  expect(breakerAfter(outcomes).breaker.state).toBe(state);
});

it('ignores outcomes older than the window', () => {
  const { breaker, clock } = breakerAfter('fff', { windowMs: 1_000 });
  clock.advance(1_000);
  report(breaker, 'fff');
  expect(breaker.state).toBe('closed');
  report(breaker, 'f');
  expect(breaker.state).toBe('open');
});

it('refuses calls while open, and then admits one probe', () => {
  const { breaker, clock } = breakerAfter('ffff');
  clock.advance(99);
  expect([breaker.tryEnter(), breaker.retryAfterMs]).toEqual([undefined, 1]);
  clock.advance(1);
  expect([breaker.retryAfterMs, breaker.tryEnter() !== undefined]).toEqual([0, true]);
  expect([breaker.tryEnter(), breaker.state]).toEqual([undefined, 'half-open']);
});

it('closes when the probe succeeds, and forgets earlier outcomes', () => {
  const { breaker, clock } = breakerAfter('ffff');
  clock.advance(100);
  report(breaker, 's');
  expect(breaker.state).toBe('closed');
  report(breaker, 'fff');
  expect(breaker.state).toBe('closed');
});

it('stays open twice as long after each failed probe', () => {
  const opened = breakerAfter('ffff');
  expect(Array.from({ length: 6 }, () => openTime(opened))).toEqual([100, 200, 400, 800, 1_000, 1_000]);
});

it('stays open longer when closed for a shorter time', () => {
  const opened = breakerAfter('ffff');
  const { breaker, clock } = opened;
  clock.advance(100);
  report(breaker, 's');
  clock.advance(100);
  report(breaker, 'ffff');
  expect(openTime(opened)).toBe(200);
});

it('begins with the first open time when it was closed longer', () => {
  const opened = breakerAfter('ffff');
  const { breaker, clock } = opened;
  openTime(opened);
  clock.advance(200);
  report(breaker, 's');
  clock.advance(201);
  report(breaker, 'ffff');
  expect(openTime(opened)).toBe(100);
});

it('draws a share of the open time at random', () => {
  expect(openTime(breakerAfter('ffff', { openJitter: 0.5, random: () => 0.5 }))).toBe(75);
  expect(openTime(breakerAfter('ffff', { openJitter: 0.5, random: () => 0 }))).toBe(100);
});

it('admits the next probe when the outcome of one never comes', () => {
  const { breaker, clock } = breakerAfter('ffff');
  clock.advance(100);
  breaker.tryEnter();
  clock.advance(49);
  expect(breaker.tryEnter()).toBeUndefined();
  clock.advance(1);
  expect(breaker.tryEnter()).toBeDefined();
  expect(breaker.tryEnter()).toBeUndefined();
});

it('admits the next probe at once when an outcome is ignored', () => {
  const { breaker, clock } = breakerAfter('ffff');
  clock.advance(100);
  report(breaker, 'iii');
  expect(breaker.state).toBe('half-open');
  report(breaker, 's');
  expect(breaker.state).toBe('closed');
});

it('closes when a late probe succeeds, and ignores its failure', () => {
  const late = (outcome: CallOutcome) => {
    const { breaker, clock } = breakerAfter('ffff');
    clock.advance(100);
    const first = breaker.tryEnter()!;
    clock.advance(50);
    breaker.tryEnter();
    first.report(outcome);
    return breaker.state;
  };
  expect([late('success'), late('failure'), late('ignored')]).toEqual(['closed', 'half-open', 'half-open']);
});

it('ignores a second outcome of a probe', () => {
  const opened = breakerAfter('ffff');
  const { breaker, clock } = opened;
  clock.advance(100);
  const probe = breaker.tryEnter()!;
  probe.report('failure');
  probe.report('failure');
  expect(openTime(opened)).toBe(200);
});

it('ignores outcomes of calls admitted before it opened', () => {
  const { breaker, clock } = breakerAfter('');
  const early = Array.from({ length: 9 }, () => breaker.tryEnter()!);
  for (const permit of early.slice(0, 5)) permit.report('failure');
  early[5]!.report('success');
  expect(breaker.state).toBe('open');
  clock.advance(100);
  report(breaker, 's');
  for (const permit of early.slice(6)) permit.report('failure');
  report(breaker, 'fff');
  expect(breaker.state).toBe('closed');
});

it('admits a probe when the clock was set back', () => {
  const { breaker, clock } = breakerAfter('ffff');
  clock.advance(-3_600_000);
  expect(breaker.tryEnter()).toBeDefined();
});

it('never refuses calls for longer than the longest open time', () => {
  const { breaker, clock } = breakerAfter('ffff', { openJitter: 1 });
  for (let n = 0; n < 100; n++) {
    clock.advance(1_000);
    breaker.tryEnter()!.report('failure');
  }
});
