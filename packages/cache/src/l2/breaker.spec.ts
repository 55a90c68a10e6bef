import { ManualClock } from '@quantumtrade/dal-runtime';
import { Breaker } from './breaker.js';

const options = { window: 10, minimumCalls: 4, failureRate: 0.5, openMs: 100 };

function breakerAfter(outcomes: string) {
  const timers = new ManualClock();
  const breaker = new Breaker(timers, options);
  for (const outcome of outcomes) breaker.enter('test')(outcome === 'f');
  return { breaker, timers };
}

it.each([
  ['fff', 'closed'],
  ['ffff', 'open'],
  ['ssff', 'open'],
  ['sssff', 'closed'],
  ['ffffffff'.replaceAll('f', 's') + 'ffff', 'closed'],
  ['ssssssss' + 'fffff', 'open'],
])('after %s is %s', (outcomes, state) => {
  const enter = () => {
    const { breaker } = breakerAfter(outcomes);
    return breaker.state;
  };
  expect(enter()).toBe(state);
});

it('refuses calls while open, lets one through after a while, and closes when it succeeds', () => {
  const { breaker, timers } = breakerAfter('ffff');
  timers.advance(99);
  expect(() => breaker.enter('cache.get')).toThrow('suspended');
  timers.advance(1);
  const leave = breaker.enter('cache.get');
  expect(() => breaker.enter('cache.get')).toThrow('suspended');
  leave(false);
  expect(breaker.state).toBe('closed');
  for (let i = 0; i < 3; i++) breaker.enter('cache.get')(true);
  expect(breaker.state).toBe('closed');
});

it('opens again for the whole time when the one call fails', () => {
  const { breaker, timers } = breakerAfter('ffff');
  timers.advance(100);
  breaker.enter('cache.get')(true);
  timers.advance(99);
  expect(() => breaker.enter('cache.get')).toThrow('suspended');
  timers.advance(1);
  expect(() => breaker.enter('cache.get')).not.toThrow();
});

it('lets another through when the one takes as long as it was open for, and goes by who is first', () => {
  const { breaker, timers } = breakerAfter('ffff');
  timers.advance(100);
  const slow = breaker.enter('cache.deleteWhere');
  timers.advance(99);
  expect(() => breaker.enter('cache.set')).toThrow('suspended');
  timers.advance(1);
  breaker.enter('cache.set')(false);
  expect(breaker.state).toBe('closed');
  slow(true);
  expect(breaker.state).toBe('closed');
});

it('does not count calls that began before it opened', () => {
  const { breaker, timers } = breakerAfter('fff');
  const late = [breaker.enter('cache.get'), breaker.enter('cache.get'), breaker.enter('cache.get')];
  late[0]!(true);
  timers.advance(100);
  breaker.enter('cache.get')(false);
  late[1]!(true);
  late[2]!(true);
  for (let i = 0; i < 3; i++) breaker.enter('cache.get')(true);
  expect(breaker.state).toBe('closed');
});
