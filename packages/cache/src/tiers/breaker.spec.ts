import { ManualClock } from '@quantumtrade/dal-runtime';
import { Breaker } from './guarded-calls.js';

const options = { window: 10, minimumCalls: 4, failureRate: 0.5, openMs: 100 };

/** Admits a call and returns the function that reports its outcome; undefined when the call is refused. */
function admit(breaker: Breaker) {
  const admission = breaker.admit();
  return admission && ((failed: boolean) => breaker.report(admission, failed));
}

function breakerAfter(outcomes: string) {
  const clock = new ManualClock();
  const breaker = new Breaker(clock, options);
  for (const outcome of outcomes) admit(breaker)!(outcome === 'f');
  return { breaker, clock };
}

it.each([
  ['fff', 'closed'],
  ['ffff', 'open'],
  ['ssff', 'open'],
  ['sssff', 'closed'],
  ['ffffffff'.replaceAll('f', 's') + 'ffff', 'closed'],
  ['ssssssss' + 'fffff', 'open'],
])('breaker after outcomes %s is %s', (outcomes, state) => {
  const enter = () => {
    const { breaker } = breakerAfter(outcomes);
    return breaker.state;
  };
  expect(enter()).toBe(state);
});

it('breaker closes when its half-open probe succeeds', () => {
  const { breaker, clock } = breakerAfter('ffff');
  clock.advance(99);
  expect(admit(breaker)).toBeUndefined();
  clock.advance(1);
  const report = admit(breaker)!;
  expect(admit(breaker)).toBeUndefined();
  report(false);
  expect(breaker.state).toBe('closed');
  for (let i = 0; i < 3; i++) admit(breaker)!(true);
  expect(breaker.state).toBe('closed');
});

it('breaker opens again for the full time when the probe fails', () => {
  const { breaker, clock } = breakerAfter('ffff');
  clock.advance(100);
  admit(breaker)!(true);
  clock.advance(99);
  expect(admit(breaker)).toBeUndefined();
  clock.advance(1);
  expect(admit(breaker)).toBeDefined();
});

it('breaker admits a second probe when the first is slow', () => {
  const { breaker, clock } = breakerAfter('ffff');
  clock.advance(100);
  const slow = admit(breaker)!;
  clock.advance(99);
  expect(admit(breaker)).toBeUndefined();
  clock.advance(1);
  admit(breaker)!(false);
  expect(breaker.state).toBe('closed');
  slow(true);
  expect(breaker.state).toBe('closed');
});

it('breaker ignores outcomes of calls admitted before it opened', () => {
  const { breaker, clock } = breakerAfter('fff');
  const late = [admit(breaker)!, admit(breaker)!, admit(breaker)!];
  late[0]!(true);
  clock.advance(100);
  admit(breaker)!(false);
  late[1]!(true);
  late[2]!(true);
  for (let i = 0; i < 3; i++) admit(breaker)!(true);
  expect(breaker.state).toBe('closed');
});
