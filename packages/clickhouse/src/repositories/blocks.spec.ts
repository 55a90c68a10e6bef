import type { PreparedRow } from '@quantumtrade/dal-domain';
import { sentiment } from '@quantumtrade/dal-domain';
import { blocksOf, groupsOf, keyOf, survivors } from './blocks.js';

const row = (timestamp: number, contentHash = 1n, writtenAt = 0, headline = ''): PreparedRow => ({
  row: { symbol: 'A', timestamp, source: 's', contentHash, headline },
  writtenAt,
});

const times = (blocks: readonly PreparedRow[][]) =>
  blocks.map((block) => block.map((prepared) => prepared.row['timestamp']));

const JANUARY = Date.UTC(2020, 0, 1);
const FEBRUARY = Date.UTC(2020, 1, 1);

it('tells keys apart, also 64-bit ones', () => {
  const keys = [row(0, 2n ** 63n), row(0, 2n ** 63n + 1n), row(1)].map((prepared) =>
    keyOf(sentiment, prepared.row),
  );
  expect(new Set(keys).size).toBe(3);
});

it('keeps of each key the row written last, of equals the later one', () => {
  const rows = [
    row(0, 1n, 5, 'first'),
    row(0, 1n, 5, 'second'),
    row(0, 1n, 4, 'old'),
    row(1, 1n, 0, 'other'),
  ];
  const kept = [...survivors(sentiment, rows).values()].map((prepared) => prepared.row['headline']);
  expect(kept).toEqual(['second', 'other']);
});

it('makes blocks of one month each, oldest first, none larger than allowed', () => {
  const rows = [FEBRUARY, JANUARY, FEBRUARY - 1, FEBRUARY + 1, JANUARY + 1].map((time) => row(time));
  expect(times(blocksOf(rows, 2))).toEqual([
    [JANUARY, FEBRUARY - 1],
    [JANUARY + 1],
    [FEBRUARY, FEBRUARY + 1],
  ]);
});

it('keeps the Januaries of two years apart, and months before 1970 in order', () => {
  const rows = [Date.UTC(2021, 0, 1), JANUARY, -1, -1 - 40 * 86_400_000].map((time) => row(time));
  expect(times(blocksOf(rows, 9)).map(([first]) => first)).toEqual([
    -1 - 40 * 86_400_000,
    -1,
    JANUARY,
    Date.UTC(2021, 0, 1),
  ]);
});

it('groups neighbouring blocks as long as they fit', () => {
  const blocks = [2, 1, 3, 1, 1].map((length) => Array.from({ length }, () => row(0)));
  expect(groupsOf(blocks, 3).map((group) => group.map(({ length }) => length))).toEqual([
    [2, 1],
    [3],
    [1, 1],
  ]);
  expect(groupsOf([], 3)).toEqual([]);
});
