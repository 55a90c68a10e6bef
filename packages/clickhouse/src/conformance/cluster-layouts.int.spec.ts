import { jest } from '@jest/globals';
import type { EncodedBlock } from '@quantumtrade/dal-domain';
import { columnOf, records } from '@quantumtrade/dal-domain';
import { bars, buildRow, MONTH_MS } from '@quantumtrade/dal-testing/records';
import type { ClickHouseBackend } from '../backend.js';
import { ShardLayout } from '../cluster/shard-layout.js';
import { splitBlock } from '../codec/read/block-splitter.js';
import { monthAt } from '../codec/row-splitters.js';
import { LAYOUTS, type LayoutName, ThreeShards } from '../testing/three-shards.js';

/** Creating tables on three engines takes long on a machine with other work. */
jest.setTimeout(240_000);

const JANUARY = Date.UTC(2024, 0, 2);
const SYMBOLS = Array.from({ length: 30 }, (_, n) => `S${n}`);

let shards: ThreeShards;
beforeAll(async () => {
  shards = await ThreeShards.start();
});
afterAll(() => shards.stop());

async function create(name: LayoutName): Promise<ClickHouseBackend> {
  const backend = shards.connect(name);
  await backend.schema.initialize();
  return backend;
}

/** Stores rows of three months in every kind of table, some of them in two versions. */
async function fill(backend: ClickHouseBackend): Promise<void> {
  for (let month = 0; month < 3; month++) {
    const at = JANUARY + month * MONTH_MS;
    await backend.marketData.insert(bars(SYMBOLS, () => at));
    await backend.marketData.insert(bars(SYMBOLS.slice(0, 5), () => at));
    await backend.strategyPerformance.insert({
      records: SYMBOLS.map((strategyName) =>
        buildRow('strategyPerformance', { strategyName, timestamp: at }),
      ),
    });
    await backend.features.insert(
      SYMBOLS.map((symbol) => ({ symbol, timestamp: at, features: { a: month, b: 0.5 }, version: 1 })),
    );
  }
  for (const source of SYMBOLS.slice(0, 4)) await backend.checkpoints.save(source, 7);
}

/** Returns how many keys of a table each server has; those on another shard than the layout has them on are an error. */
async function placed(name: LayoutName, database: string, table: 'marketData' | 'strategyPerformance') {
  const field = table === 'marketData' ? 'symbol' : 'strategyName';
  const counts: number[] = [];
  for (const node of shards.cluster.nodes) {
    const rows = await node
      .query(
        `SELECT DISTINCT ${columnOf(field)}, toUnixTimestamp64Milli(timestamp) FROM ${records[table].table}`,
        database,
      )
      .catch(() => '');
    const values = rows.split('\n').slice(0, -1);
    counts.push(values.length);
    const layout = new ShardLayout(LAYOUTS[name] ?? [{ from: '', shards: 1 }]);
    const wrong = values.filter((line) => {
      const [value, at] = line.split('\t');
      return layout.shardOf(value!, monthAt(Number(at))) !== node.shard;
    });
    expect(wrong).toEqual([]);
  }
  return counts;
}

it('backup of one layout is restored into any other, row for row', async () => {
  const path: LayoutName[] = ['two', 'three', 'single', 'grown'];
  let from = await create(path[0]!);
  await fill(from);
  for (const name of path.slice(1)) {
    const { target, contents } = await shards.copy(from, shards.connect(name));
    for (const [table, content] of contents) expect(await target.content(table)).toEqual(content);
    const bySymbol = await placed(name, target.database, 'marketData');
    const byStrategy = await placed(name, target.database, 'strategyPerformance');
    expect(bySymbol.reduce((a, b) => a + b)).toBe(3 * SYMBOLS.length);
    expect(byStrategy.reduce((a, b) => a + b)).toBe(3 * SYMBOLS.length);
    const used = { two: 2, three: 3, grown: 3, single: 1 }[name];
    expect(bySymbol.filter((rows) => rows > 0)).toHaveLength(used);
    await target.migrate();
    await target.complete();
    from = shards.connect(name, target.database);
    expect((await from.marketData.find({ limit: 1 })).totalCount).toBe(3 * SYMBOLS.length);
    expect(await from.checkpoints.load('S3')).toBe(7);
    expect(await from.schema.validate()).toMatchObject({ valid: true });
  }
});

/** Returns blocks of bars as the write path of a backend encodes them. */
function blocksOf(backend: ClickHouseBackend, symbols: readonly string[]): readonly EncodedBlock[] {
  const collector = backend.blocks.collect('marketData');
  for (let month = 0; month < 3; month++) collector.append(bars(symbols, () => JANUARY + month * MONTH_MS));
  return collector.finish();
}

it('blocks of one layout are replayed into any other, rows once', async () => {
  const table = records.marketData.table;
  const source = await create('single');
  const version = await source.schema.version();
  const plain = await source.backups.createTarget(shards.newDatabase(), version);
  const blocks = blocksOf(source, SYMBOLS);
  await plain.replay(table, blocks);
  const whole = await plain.content(table);
  expect(whole.reduce((sum, { rows }) => sum + rows, 0)).toBe(3 * SYMBOLS.length);
  for (const name of ['three', 'grown', 'two'] as const) {
    const target = await shards.connect(name).backups.createTarget(shards.newDatabase(), version);
    // A part of the rows of each block is there, as after a backup that was made meanwhile.
    await target.replay(
      table,
      blocks.map(({ id, bytes }) => ({ id, ...splitBlock(splitBlock(bytes)[1]!.bytes)[0]! })),
    );
    await target.replay(table, blocks);
    await target.replay(table, blocks);
    expect(await target.content(table)).toEqual(whole);
    await placed(name, target.database, 'marketData');
    await target.drop();
  }
});
