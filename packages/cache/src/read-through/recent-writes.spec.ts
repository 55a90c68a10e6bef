import { toWriteToken } from '@quantumtrade/dal-domain';
import { ManualClock } from '@quantumtrade/dal-runtime';
import { RecentWrites } from './recent-writes.js';

const clock = new ManualClock();
let writes: RecentWrites;
beforeEach(() => (writes = new RecentWrites(clock)));

let ids = 0;
const tokenOf = (endpoint: string) =>
  toWriteToken([{ endpoint, shard: '1', record: 'features', id: `${ids++}` }])!;

it('keeps the latest token of each server for a key', () => {
  expect([writes.isEmpty, writes.tokensOf('x')]).toEqual([true, undefined]);
  writes.add(['x', 'y'], tokenOf('a'));
  const [second, other] = [tokenOf('a'), tokenOf('b')];
  writes.add(['x'], second);
  writes.add(['x'], other);
  expect(writes.tokensOf('x')).toEqual([second, other]);
  expect(writes.tokensOf('y')).toHaveLength(1);
  expect(writes.isEmpty).toBe(false);
});

it('forgets a token after a minute, whatever is written later', () => {
  writes.add(['x', 'y'], tokenOf('a'));
  clock.advance(40_000);
  const later = tokenOf('b');
  writes.add(['x'], later);
  clock.advance(20_000);
  expect([writes.tokensOf('x'), writes.tokensOf('y')]).toEqual([[later], undefined]);
  clock.advance(40_000);
  expect(writes.tokensOf('x')).toBeUndefined();
});

it('forgets the keys that were written first when there are many', () => {
  const keys = Array.from({ length: 10_001 }, (_, n) => `${n}`);
  writes.add(keys, tokenOf('a'));
  expect(keys.filter((key) => writes.tokensOf(key) === undefined)).toEqual(['0']);
});
