import type { TimeSeriesBackend } from '@quantumtrade/dal-domain';
import { feature, VersionClock } from '@quantumtrade/dal-domain';
import { buildRow } from '@quantumtrade/dal-testing/records';
import type { Sql } from '../connection/sql.js';
import { changedSql } from '../testing/changed-sql.js';
import { openOwnBackend, type OwnBackend } from '../testing/own-backend.js';
import { RecordTables, RecordWriter } from './record-writer.js';
import { decodeNativeBlock } from './store-block.js';

const MINUTE = 60_000;
const START = Date.UTC(2024, 0, 31, 23, 0);
const versions = new VersionClock({ now: () => START });

let own: OwnBackend;
let backend: TimeSeriesBackend;
let sql: Sql;

beforeAll(async () => {
  own = await openOwnBackend();
  backend = own.backend;
  sql = own.sql;
});

afterAll(() => own.close());

const writerOf = (through: Sql, maxBlockRows: number, clock = versions) =>
  new RecordWriter(through, clock, maxBlockRows, new RecordTables());

let symbols = 0;
const newSymbol = () => `W${++symbols}`;

const bar = (symbol: string, timestamp: number, close: number | string = 1) =>
  buildRow('marketData', { symbol, timestamp, close, adjustedClose: close, volume: 10 });

const bars = (symbol: string, count: number, stepMs = MINUTE) =>
  Array.from({ length: count }, (_, i) => bar(symbol, START + i * stepMs));

const insert = (records: ReturnType<typeof bar>[], timestamp: number = START, writer?: RecordWriter) =>
  (writer ?? writerOf(sql, 100_000)).insert('marketData', { source: 'vendor', records, timestamp });

const closes = async (symbol: string) =>
  (await backend.marketData.find({ symbol })).data.map(({ close }) => close);

/** The first lookup waits until it is released. */
function hangingLookups(): { sql: Sql; release: () => void } {
  let release!: () => void;
  const released = new Promise<void>((resolve) => (release = resolve));
  let lookups = 0;
  const rows: Sql['rows'] = async (operation, query, params, options) => {
    if (lookups++ === 0) await released;
    return sql.rows(operation, query, params, options);
  };
  return { sql: changedSql(sql, () => ({ rows })), release };
}

/** Remembers the size of each insert and fails from one of them on, or up to another. */
function watched(failFrom = Infinity, failTo = Infinity): { sql: Sql; sizes: number[]; reads: string[] } {
  const sizes: number[] = [];
  const reads: string[] = [];
  return {
    sizes,
    reads,
    sql: changedSql(sql, () => ({
      rows: (operation, query, params, options) => {
        reads.push(query);
        return sql.rows(operation, query, params, options);
      },
      insert: async (operation, block, options) => {
        sizes.push((await decodeNativeBlock(block.bytes))!.rowCount);
        const fails = sizes.length >= failFrom && sizes.length <= failTo;
        const table = fails ? 'no_such_table' : block.table;
        return sql.insert(operation, { ...block, table }, options);
      },
    })),
  };
}

it('shows the newest version, of equals the last one, before merges', async () => {
  await sql.command('test', 'SYSTEM STOP MERGES market_data');
  const symbol = newSymbol();
  for (const [close, writtenAt] of [
    [1, 5],
    [2, 9],
    [3, 4],
    [4, 9],
  ] as const) {
    await insert([bar(symbol, START, close)], writtenAt);
  }
  expect(await closes(symbol)).toEqual([4]);
  const parts = await sql.rows('test', 'SELECT * FROM market_data WHERE symbol = {symbol:String}', {
    symbol,
  });
  expect(parts).toHaveLength(4);
  await sql.command('test', 'SYSTEM START MERGES market_data');
  await sql.command('test', 'OPTIMIZE TABLE market_data FINAL');
  expect(await closes(symbol)).toEqual([4]);
});

it('shows the later insert of two processes with equal versions', async () => {
  const symbol = newSymbol();
  const [one, other] = [1, 2].map(() => new VersionClock({ now: () => START }));
  const writers = [one!, other!].map((clock) => writerOf(sql, 100, clock));
  for (const close of [1, 2, 3]) await insert([bar(symbol, START, close)], 7, writers[0]);
  expect(await insert([bar(symbol, START, 4)], 7, writers[1])).toMatchObject({ supersededCount: 0 });
  expect(await closes(symbol)).toEqual([4]);
});

it('stores the same rows again after others as a new write', async () => {
  const symbol = newSymbol();
  for (const close of [1, 2, 1]) await insert([bar(symbol, START, close)], 7);
  expect(await closes(symbol)).toEqual([1]);
});

it('inserts each month separately, in blocks of bounded size', async () => {
  const { sql: watchedSql, sizes } = watched();
  const symbol = newSymbol();
  const result = await insert(bars(symbol, 100), START, writerOf(watchedSql, 25));
  expect(sizes).toEqual([25, 25, 10, 15, 25]);
  expect(result).toMatchObject({ insertedCount: 100, updatedCount: 0 });
  expect(await closes(symbol)).toHaveLength(100);
});

it('inserts a batch of more months than one insert may have', async () => {
  const symbol = newSymbol();
  await insert(bars(symbol, 130, 31 * 86_400_000));
  expect(await closes(symbol)).toHaveLength(130);
});

it('looks up the keys of many small months once', async () => {
  const { sql: watchedSql, reads } = watched();
  await insert(bars(newSymbol(), 24, 31 * 86_400_000), START, writerOf(watchedSql, 100));
  expect(reads).toHaveLength(1);
});

it('counts a key as new when the insert called before failed', async () => {
  const symbol = newSymbol();
  const writer = writerOf(watched(1, 1).sql, 100);
  const failed = insert([bar(symbol, START)], START, writer);
  const results = [1, 2].map(() => insert([bar(symbol, START)], START, writer));
  await expect(failed).rejects.toThrow(/UNKNOWN_TABLE/);
  expect(await Promise.all(results)).toMatchObject([
    { insertedCount: 1, updatedCount: 0 },
    { insertedCount: 0, updatedCount: 1 },
  ]);
});

it('waits for no insert with other keys when their times cross', async () => {
  const symbol = newSymbol();
  const { sql: hanging, release } = hangingLookups();
  const writer = writerOf(hanging, 100);
  const first = insert([bar(symbol, START), bar(symbol, START + 2)], START, writer);
  await insert([bar(symbol, START + 1)], START, writer);
  await insert([bar(newSymbol(), START)], START, writer);
  release();
  await first;
});

it('stops waiting for an insert of its key when aborted', async () => {
  const symbol = newSymbol();
  const { sql: hanging, release } = hangingLookups();
  const writer = writerOf(hanging, 100);
  const first = insert([bar(symbol, START)], START, writer);
  const given = new AbortController();
  const second = writer.insert(
    'marketData',
    { source: 'vendor', records: [bar(symbol, START)], timestamp: START },
    { signal: given.signal },
  );
  setTimeout(() => given.abort('unwanted'), 20);
  await expect(second).rejects.toBe('unwanted');
  release();
  expect(await first).toMatchObject({ insertedCount: 1 });
});

it('reports the rows stored when a batch fails half way', async () => {
  const symbol = newSymbol();
  const records = bars(symbol, 100);
  await expect(insert(records, START, writerOf(watched(3).sql, 25))).rejects.toThrow(
    /^Query execution failed: UNKNOWN_TABLE.*; at least 50 of 100 rows are stored, and the batch can be sent again$/,
  );
  expect(await insert(records)).toMatchObject({ insertedCount: 50, updatedCount: 50 });
});

it('counts a sparse batch between many stored rows', async () => {
  const symbol = newSymbol();
  await insert(bars(symbol, 5_000));
  const { sql: watchedSql, reads } = watched();
  const sparse = [0, 4_999].flatMap((i) => [
    bar(symbol, START + i * MINUTE),
    bar(symbol, START + i * MINUTE + 1),
  ]);
  expect(await insert(sparse, START, writerOf(watchedSql, 100))).toMatchObject({
    insertedCount: 2,
    updatedCount: 2,
  });
  expect(reads).toHaveLength(2);
});

it('looks up more names than one bound list may hold', async () => {
  const batches = Array.from({ length: 1_500 }, (_, i) => ({
    symbol: `${'名'.repeat(50)}'\\${i}`,
    timestamp: START,
    version: 1,
    features: { f: i },
  }));
  const writer = writerOf(sql, 100_000);
  const write = () => writer.insert('features', batches);
  expect(await write()).toMatchObject({ insertedCount: 1_500, updatedCount: 0 });
  expect(await write()).toMatchObject({ insertedCount: 0, updatedCount: 1_500 });
  const [{ rows }] = (await sql.rows<{ rows: string }>(
    'test',
    `SELECT count() AS rows FROM ${feature.table} FINAL`,
  )) as [{ rows: string }];
  expect(Number(rows)).toBe(1_500);
});
