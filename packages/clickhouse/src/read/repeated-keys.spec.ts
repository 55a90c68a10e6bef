import { marketData } from '@quantumtrade/dal-domain';
import { BlockEncoder } from '../codec/block-encoder.js';
import { decodeWholeBlock } from '../codec/read/block-decoder.js';
import { RepeatedKeys } from './repeated-keys.js';

type Key = readonly [symbol: string, timestamp: number, source: string];

const blockOf = (keys: readonly Key[]) => {
  const bars = keys.map(([symbol, timestamp, source]) => ({
    ...{ symbol, timestamp, source, open: 1, high: 1, low: 1, close: 1, volume: 1, adjustedClose: 1 },
    qualityScore: 100,
  }));
  return decodeWholeBlock(new BlockEncoder(marketData).encodeRows(bars).blocks[0]!.bytes);
};

function isRepeated(...blocks: (readonly Key[])[]): boolean {
  const keys = new RepeatedKeys(marketData);
  for (const block of blocks) keys.check(blockOf(block));
  return keys.isFound;
}

it('finds no key twice when one field differs', () => {
  expect(
    isRepeated([
      ['A', 1, 'x'],
      ['A', 1, 'y'],
      ['A', 2, 'y'],
      ['B', 2, 'y'],
    ]),
  ).toBe(false);
  expect(isRepeated([['A', 1, 'x']], [['B', 1, 'x']], [['B', 1, 'y']], [['B', 2, 'y']])).toBe(false);
});

it('finds a key that comes twice in a block', () => {
  expect(
    isRepeated([
      ['A', 1, 'x'],
      ['A', 2, 'x'],
      ['A', 2, 'x'],
    ]),
  ).toBe(true);
});

it('finds a key that comes twice at the border of blocks', () => {
  expect(
    isRepeated(
      [
        ['A', 1, 'x'],
        ['A', 2, 'x'],
      ],
      [
        ['A', 2, 'x'],
        ['A', 3, 'x'],
      ],
      [['A', 4, 'x']],
    ),
  ).toBe(true);
});
