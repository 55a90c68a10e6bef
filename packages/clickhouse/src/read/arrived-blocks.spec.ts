import { setImmediate } from 'node:timers/promises';
import v8 from 'node:v8';
import { runInNewContext } from 'node:vm';
import { marketData } from '@quantumtrade/dal-domain';
import { BlockEncoder } from '../codec/block-encoder.js';
import { decodeWholeBlock } from '../codec/read/block-decoder.js';
import { recordReader } from '../codec/read/record-reader.js';
import { ArrivedBlocks } from './arrived-blocks.js';

v8.setFlagsFromString('--expose-gc');

/** Greatest units of a decimal: no number stands for them. */
const UNREADABLE = '9999999999.99999999';
const bar = (timestamp: number, open: number | string = 1) => ({
  ...{ symbol: 'A', timestamp, open, high: 1, low: 1, close: 1, volume: 1, adjustedClose: 1 },
  ...{ source: 'vendor', qualityScore: 100 },
});
const blockOf = (bars: readonly unknown[]) =>
  decodeWholeBlock(new BlockEncoder(marketData).encodeRows(bars).blocks[0]!.bytes);
const blocks = [blockOf([bar(1), bar(2)]), blockOf([bar(3), bar(4, UNREADABLE)])];
const largeBlock = () => blockOf(Array.from({ length: 1_024 }, (_, i) => bar(i + 1)));

const arrival = {
  ...{ reader: recordReader(marketData), definition: marketData, order: ['timestamp', 'source'] },
  callers: 2,
};
const read = (given = blocks, more?: object) =>
  ArrivedBlocks.read({ ...arrival, ...more }, (arrive) => Promise.resolve(given.map(arrive)));
const timesOf = (rows: object[]) => rows.map((row) => Number((row as { timestamp: Date }).timestamp));

it('returns the first rows of several blocks', async () => {
  for (const [count, times] of [
    [0, []],
    [1, [1]],
    [2, [1, 2]],
    [3, [1, 2, 3]],
  ] as const) {
    expect(timesOf((await read()).takeRows(count))).toEqual(times);
  }
  expect((await read()).rowCount).toBe(4);
});

it('gives each caller rows of its own', async () => {
  for (const given of [blocks, [largeBlock()]]) {
    const arrived = await read(given);
    const first = arrived.takeRows(3);
    const second = arrived.takeRows(3);
    expect(timesOf(first)).toEqual([1, 2, 3]);
    expect(second).toEqual(first);
    second.forEach((row, i) => expect(row).not.toBe(first[i]));
  }
});

it('makes rows in the form of its reader', async () => {
  const arrived = await read(blocks, { reader: recordReader(marketData, { exact: true }) });
  expect(arrived.takeRows(4)[3]).toMatchObject({ open: UNREADABLE });
});

it('throws for an unreadable value only when its row is taken', async () => {
  const arrived = await read();
  expect(arrived.takeRows(3)).toHaveLength(3);
  expect(() => arrived.takeRows(4)).toThrow('open');
});

it('throws for an unreadable value of a large block as well', async () => {
  const bars = Array.from({ length: 1_024 }, (_, i) => bar(i + 1, i === 1_023 ? UNREADABLE : 1));
  const arrived = await read([blockOf(bars)], { callers: 1 });
  expect(arrived.orderOf(1_022)).toEqual({ timestamp: 1_023, source: 'vendor' });
  expect(arrived.takeRows(1_023)).toHaveLength(1_023);
  expect(() => arrived.takeRows(1_024)).toThrow('open');
});

it('finds the place of a row in the order', async () => {
  const arrived = await read();
  expect(arrived.orderOf(1)).toEqual({ timestamp: 2, source: 'vendor' });
  expect(arrived.orderOf(2)).toEqual({ timestamp: 3, source: 'vendor' });
  expect([arrived.orderOf(-1), arrived.orderOf(4)]).toEqual([undefined, undefined]);
});

it('finds the places of the last two rows of dropped blocks', async () => {
  for (const [given, positions] of [
    [
      [largeBlock(), largeBlock()],
      [2_046, 2_047],
    ],
    [
      [largeBlock(), blockOf([bar(5)])],
      [1_023, 1_024],
    ],
  ] as const) {
    const dropped = await read([...given], { callers: 1 });
    const kept = await read([...given]);
    for (const position of positions) {
      expect(dropped.orderOf(position)).toEqual(kept.orderOf(position));
      expect(dropped.orderOf(position)).toMatchObject({ source: 'vendor' });
    }
    expect(dropped.takeRows(2_047)).toEqual(kept.takeRows(2_047));
  }
});

it('drops a large block whose rows one caller gets', async () => {
  const collectGarbage = runInNewContext('gc') as () => void;
  for (const [callers, isDropped] of [
    [1, true],
    [2, false],
  ] as const) {
    let block: WeakRef<object>;
    const arrived = await ArrivedBlocks.read({ ...arrival, callers }, (arrive) => {
      const large = largeBlock();
      block = new WeakRef(large);
      return Promise.resolve([arrive(large)]);
    });
    await setImmediate();
    collectGarbage();
    expect(block!.deref() === undefined).toBe(isDropped);
    expect(arrived.takeRows(1)).toHaveLength(1);
  }
});
