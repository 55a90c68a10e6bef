import { randomInt } from 'node:crypto';
import type { RecordDefinition, Row } from '@quantumtrade/dal-domain';
import { marketData, records } from '@quantumtrade/dal-domain';
import fc from 'fast-check';
import { ShardLayout, shardFieldOf } from '../cluster/shard-layout.js';
import { monthAt } from './row-splitters.js';
import { recordsOf } from '../testing/native-records.js';
import { rowsOf } from '../testing/rows-of.js';
import { placeBlock } from '../write/place-block.js';
import { decodeNativeBlock } from '../write/store-block.js';
import type { NativeBlock } from './block-builder.js';
import { BlockEncoder } from './block-encoder.js';

const runs = { seed: randomInt(2 ** 31), numRuns: 60 };
const layout = new ShardLayout([
  { from: '', shards: 2 },
  { from: '2000-01', shards: 3 },
]);
const VERSION = { writtenAt: { kind: 'version' } } as const;

const rowsOfBlock = async (
  { bytes }: Pick<NativeBlock, 'bytes'>,
  definition: RecordDefinition,
): Promise<Row[]> => rowsOf((await decodeNativeBlock(bytes))!, definition);

const texts = (rows: readonly Row[]): string[] =>
  rows
    .map((row) => JSON.stringify(row, (_, value) => (typeof value === 'bigint' ? String(value) : value)))
    .sort();

/** Returns the rows of blocks, and expects each to be on the shard of its block. */
async function placedRows(
  blocks: readonly { bytes: Uint8Array; shard: number }[],
  definition: RecordDefinition,
) {
  const all: Row[] = [];
  for (const block of blocks) {
    const rows = await rowsOfBlock(block as NativeBlock, definition);
    for (const row of rows) {
      const value = row[shardFieldOf(definition)] as string;
      expect(layout.shardOf(value, monthAt(row['timestamp'] as number))).toBe(block.shard);
    }
    all.push(...rows);
  }
  return texts(all);
}

describe('rows are spread over shards', () => {
  for (const definition of Object.values(records)) {
    it(`of ${definition.table}, with the same verdicts`, async () => {
      const whole = new BlockEncoder(definition);
      const sharded = new BlockEncoder(definition, {}, layout.sharding(definition));
      await fc.assert(
        fc.asyncProperty(recordsOf(definition, 3), async (inputs) => {
          const expected = whole.encodeRows(inputs);
          const batch = sharded.encodeRows(inputs);
          expect(batch.errors).toEqual(expected.errors);
          const rows = await Promise.all(expected.blocks.map((block) => rowsOfBlock(block, definition)));
          expect(await placedRows(batch.blocks, definition)).toEqual(texts(rows.flat()));
        }),
        runs,
      );
    });
  }

  it('given as columns with a dictionary', async () => {
    const dictionary = Array.from({ length: 50 }, (_, n) => `S${n}`);
    const rowCount = 1_000;
    const positions = Uint16Array.from({ length: rowCount }, (_, n) => n % 50);
    const number = (value: number) => Float64Array.from({ length: rowCount }, () => value);
    const price = number(1);
    const { blocks } = new BlockEncoder(marketData, {}, layout.sharding(marketData)).encodeColumns(
      {
        symbol: { dictionary, positions },
        timestamp: Float64Array.from({ length: rowCount }, (_, n) => Date.UTC(2024, n % 2, 1, 0, n)),
        ...{ open: price, high: price, low: price, close: price, adjustedClose: price },
        ...{ volume: number(2), qualityScore: number(3) },
      },
      { constants: { source: 'feed' } },
    );
    expect(blocks.map(({ month, shard }) => [month % 12, shard]).sort()).toEqual(
      [0, 1].flatMap((month) => [1, 2, 3].map((shard) => [month, shard])),
    );
    expect(await placedRows(blocks, marketData)).toHaveLength(rowCount);
  });
});

describe('a block that was encoded without shards', () => {
  const encoder = new BlockEncoder(marketData, VERSION, layout.sharding(marketData));
  const table = { definition: marketData, encoder };
  const blockOf = (symbols: readonly string[]) => {
    const rows = symbols.map((symbol, n) => ({
      ...{ symbol, source: 'feed', timestamp: Date.UTC(2024, 0, 1, 0, n), volume: n, qualityScore: 1 },
      ...{ open: 1, high: 1, low: 1, close: '1.5', adjustedClose: 1 },
    }));
    const { blocks } = new BlockEncoder(marketData, VERSION).encodeRows(rows, {
      constants: { writtenAt: 7n },
    });
    return { record: 'marketData' as const, id: 'a', rowCount: rows.length, bytes: blocks[0]!.bytes };
  };
  const symbols = Array.from({ length: 40 }, (_, n) => `S${n}`);

  it('is divided into blocks of one shard each', async () => {
    const block = blockOf(symbols);
    const placed = await placeBlock(block, table, layout);
    expect(placed.map(({ shard }) => shard).sort()).toEqual([1, 2, 3]);
    expect(new Set(placed.map(({ id }) => id)).size).toBe(3);
    expect(await placedRows(placed, marketData)).toEqual(texts(await rowsOfBlock(block, marketData)));
    for (const { bytes, rowCount } of placed) {
      const decoded = (await decodeNativeBlock(bytes))!;
      expect(decoded.rowCount).toBe(rowCount);
      expect(decoded.column('written_at').at(0)).toBe(7n);
    }
    expect(await placeBlock(block, table, layout)).toEqual(placed);
  });

  it('is stored as it is where its rows are of one shard', async () => {
    const own = symbols.filter((symbol) => layout.shardOf(symbol, monthAt(Date.UTC(2024, 0))) === 2);
    const block = blockOf(own);
    expect(await placeBlock(block, table, layout)).toEqual([{ ...block, shard: 2 }]);
  });
});
