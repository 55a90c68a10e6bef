import { parseScenario } from './scenario.js';

const text = `
# One of two hosts is killed.
hosts a, b
redis r
read 200 times a second
consume 5 times a second
at 5 s heal a   # and comes back
at 2.5 s kill a
at 3 s demote r
end at 8 s
`;

it('reads the statements of a scenario', () => {
  expect(parseScenario(text)).toEqual({
    hosts: ['a', 'b'],
    redis: ['r'],
    perSecond: { read: 200, consume: 5 },
    events: [
      { atMs: 2_500, host: 'a', change: 'kill' },
      { atMs: 3_000, host: 'r', change: 'demote' },
      { atMs: 5_000, host: 'a', change: 'heal' },
    ],
    endMs: 8_000,
  });
});

it.each([
  ['at 2.5 s kill a', 'at 2.5 s shoot a', 'line 8 is no statement of a scenario: at 2.5 s shoot a'],
  [/hosts a, b\nredis r/, '', 'the scenario names no hosts'],
  ['redis r', 'redis a', 'two hosts of the scenario have one name'],
  [/(read|consume) .*/g, '', 'the scenario has no load'],
  ['kill a', 'kill c', 'the scenario has no host c'],
  ['demote r', 'demote b', 'demote is no fault of host b'],
  ['end at 8 s', 'end at 4 s', 'something happens after the end'],
])('refuses a scenario with %s as %j', (before, after, message) => {
  expect(() => parseScenario(text.replace(before, after))).toThrow(message);
});
