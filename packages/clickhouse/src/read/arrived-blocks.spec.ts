import { marketData } from '@quantumtrade/dal-domain';
import { BlockEncoder } from '../codec/block-encoder.js';
import { decodeWholeBlock } from '../codec/read/block-decoder.js';
import { recordReader } from '../codec/read/record-reader.js';
import { ArrivedBlocks } from './arrived-blocks.js';

/** Greatest units of a decimal: no number stands for them. */
const UNREADABLE = '9999999999.99999999';
const bar = (timestamp: number, open: number | string = 1) => ({
  ...{ symbol: 'A', timestamp, open, high: 1, low: 1, close: 1, volume: 1, adjustedClose: 1 },
  ...{ source: 'vendor', qualityScore: 100 },
});
const blockOf = (bars: readonly unknown[]) =>
  decodeWholeBlock(new BlockEncoder(marketData).encodeRows(bars).blocks[0]!.bytes);
const blocks = [blockOf([bar(1), bar(2)]), blockOf([bar(3), bar(4, UNREADABLE)])];

const reader = recordReader(marketData);
const read = () => ArrivedBlocks.read(reader, (arrive) => Promise.resolve(blocks.map(arrive)));
const timesOf = (rows: object[]) => rows.map((row) => Number((row as { timestamp: Date }).timestamp));

it('returns the first rows of several blocks', async () => {
  for (const [count, times] of [
    [0, []],
    [1, [1]],
    [2, [1, 2]],
    [3, [1, 2, 3]],
  ] as const) {
    expect(timesOf((await read()).takeRows(count, reader))).toEqual(times);
  }
  expect((await read()).rowCount).toBe(4);
});

it('gives each caller rows of its own', async () => {
  const arrived = await read();
  const first = arrived.takeRows(3, reader);
  const second = arrived.takeRows(3, reader);
  expect(second).toEqual(first);
  second.forEach((row, i) => expect(row).not.toBe(first[i]));
});

it('makes rows in the form that a caller asks for', async () => {
  const exact = recordReader(marketData, { exact: true });
  expect((await read()).takeRows(4, exact)[3]).toMatchObject({ open: UNREADABLE });
});

it('throws for an unreadable value only when its row is taken', async () => {
  const arrived = await read();
  expect(arrived.takeRows(3, reader)).toHaveLength(3);
  expect(() => arrived.takeRows(4, reader)).toThrow('open');
});

it('finds the block and the position of a row', async () => {
  const arrived = await read();
  expect(arrived.placeOf(1)).toEqual({ block: blocks[0], row: 1 });
  expect(arrived.placeOf(2)).toEqual({ block: blocks[1], row: 0 });
  expect([arrived.placeOf(-1), arrived.placeOf(4)]).toEqual([undefined, undefined]);
});
