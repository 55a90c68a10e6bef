import { Breaker } from './breaker.js';
import { ManualClock } from './manual-clock.js';

const options = { window: 10, minimumCalls: 4, failureRate: 0.5, openMs: 100 };

function breakerAfter(outcomes: string) {
  const clock = new ManualClock();
  const breaker = new Breaker(clock, options);
  for (const outcome of outcomes) breaker.admit()!(outcome === 'f');
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
  expect(breaker.admit()).toBeUndefined();
  clock.advance(1);
  const report = breaker.admit()!;
  expect(breaker.admit()).toBeUndefined();
  report(false);
  expect(breaker.state).toBe('closed');
  for (let i = 0; i < 3; i++) breaker.admit()!(true);
  expect(breaker.state).toBe('closed');
});

it('breaker opens again for the full time when the probe fails', () => {
  const { breaker, clock } = breakerAfter('ffff');
  clock.advance(100);
  breaker.admit()!(true);
  clock.advance(99);
  expect(breaker.admit()).toBeUndefined();
  clock.advance(1);
  expect(breaker.admit()).toBeDefined();
});

it('breaker admits a second probe when the first is slow', () => {
  const { breaker, clock } = breakerAfter('ffff');
  clock.advance(100);
  const slow = breaker.admit()!;
  clock.advance(99);
  expect(breaker.admit()).toBeUndefined();
  clock.advance(1);
  breaker.admit()!(false);
  expect(breaker.state).toBe('closed');
  slow(true);
  expect(breaker.state).toBe('closed');
});

it('breaker ignores outcomes of calls admitted before it opened', () => {
  const { breaker, clock } = breakerAfter('fff');
  const late = [breaker.admit()!, breaker.admit()!, breaker.admit()!];
  late[0]!(true);
  clock.advance(100);
  breaker.admit()!(false);
  late[1]!(true);
  late[2]!(true);
  for (let i = 0; i < 3; i++) breaker.admit()!(true);
  expect(breaker.state).toBe('closed');
});
