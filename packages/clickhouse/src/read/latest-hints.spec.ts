import { LatestHints } from './latest-hints.js';

const HOUR = 3_600_000;
const divide = (hints: LatestHints, ...keys: string[]) =>
  hints
    .divide(new Map(keys.map((key) => [key, key])))
    .map((group) => ({ keys: [...group.keys.values()], since: group.since }));

it('gives no instant before any rows are found', () => {
  const hints = new LatestHints();
  hints.learn('a', undefined);
  expect(divide(hints, 'a', 'b')).toEqual([{ keys: ['a', 'b'], since: undefined }]);
});

it('expects rows of recent keys from their oldest instant on', () => {
  const hints = new LatestHints();
  hints.learn('a', 10 * HOUR);
  hints.learn('b', 10 * HOUR - 5);
  expect(divide(hints, 'a', 'b')).toEqual([{ keys: ['a', 'b'], since: 10 * HOUR - 5 }]);
});

it('expects an unknown key within the last hour', () => {
  const hints = new LatestHints();
  hints.learn('a', 10 * HOUR);
  expect(divide(hints, 'new')).toEqual([{ keys: ['new'], since: 9 * HOUR }]);
});

it('separates keys that were updated long before the newest one', () => {
  const hints = new LatestHints();
  hints.learn('a', 10 * HOUR);
  hints.learn('old', HOUR);
  hints.learn('older', 10);
  expect(divide(hints, 'old', 'a', 'older')).toEqual([
    { keys: ['a'], since: 10 * HOUR },
    { keys: ['old', 'older'], since: 10 },
  ]);
});

it('gives no instant for keys that have too few rows', () => {
  const hints = new LatestHints();
  hints.learn('a', 10 * HOUR);
  hints.learn('none', undefined);
  expect(divide(hints, 'none', 'a')).toEqual([
    { keys: ['a'], since: 10 * HOUR },
    { keys: ['none'], since: undefined },
  ]);
});

it('reads no older rows for the sake of unknown keys', () => {
  const hints = new LatestHints();
  hints.learn('a', 10 * HOUR);
  expect(divide(hints, 'new', 'a')).toEqual([
    { keys: ['a'], since: 10 * HOUR },
    { keys: ['new'], since: 9 * HOUR },
  ]);
});

it('reads no older rows for the sake of keys without rows', () => {
  const hints = new LatestHints();
  hints.learn('a', 10 * HOUR);
  hints.learn('old', HOUR);
  hints.learn('none', undefined);
  expect(divide(hints, 'none', 'old', 'a')).toEqual([
    { keys: ['a'], since: 10 * HOUR },
    { keys: ['old'], since: HOUR },
    { keys: ['none'], since: undefined },
  ]);
});
