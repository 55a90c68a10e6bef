import type { FeatureSet } from '@quantumtrade/dal-domain';
import { marketData, prediction, VersionClock } from '@quantumtrade/dal-domain';
import type { Sql, SqlParams } from '../connection/sql.js';
import { changedSql } from '../testing/changed-sql.js';
import { openOwnBackend, type OwnBackend } from '../testing/own-backend.js';
import { recordRepositories } from './records.js';
import { RecordTables, RecordWriter } from '../write/record-writer.js';

const ROWS = 100_000;
const DAY = 86_400_000;

let own: OwnBackend;
let sql: Sql;

beforeAll(async () => {
  own = await openOwnBackend();
  sql = own.sql;
  const time = `fromUnixTimestamp64Milli(toInt64(intDiv(number, 100)) * 60000, 'UTC')`;
  await sql.command(
    'test',
    `INSERT INTO ${marketData.table}
     SELECT 'S' || toString(number % 100), ${time}, 1, 2, 0.5, 1, 10, 1, 'vendor', 100, now64(3) FROM numbers(${ROWS})`,
  );
  await sql.command(
    'test',
    `INSERT INTO ${prediction.table}
     SELECT 'p' || toString(number), 'S' || toString(number % 100), ${time}, 'm', 's', 60, 1, 1, 'bull', [], 1, map(), now64(3)
     FROM numbers(${ROWS})`,
  );
});

afterAll(() => own.close());

/** Returns how many granules of its table each query of this work would read, and how many the table has. */
async function granules(work: (sql: Sql) => Promise<unknown>): Promise<{ read: number; all: number }[]> {
  const found: { read: number; all: number }[] = [];
  const explained = changedSql(sql, () => ({
    rows: async (operation, query, params, options) => {
      await explain(operation, query, params);
      return sql.rows(operation, query, params, options);
    },
    collect: async (operation, query, params, ...rest) => {
      await explain(operation, query, params);
      return sql.collect(operation, query, params, ...rest);
    },
  }));
  async function explain(operation: string, query: string, params?: SqlParams): Promise<void> {
    const plan = await sql.rows<{ explain: string }>(operation, `EXPLAIN indexes = 1 ${query}`, params);
    const steps = plan
      .map(({ explain }) => /Granules: (\d+)\/(\d+)/.exec(explain))
      .filter((step) => step !== null);
    found.push({ read: Number(steps.at(-1)![1]), all: Number(steps[0]![2]) });
  }
  await work(explained);
  return found;
}

const defaults = { defaultPageRows: 10_000, scanBudgetRows: 1_000_000_000, requestTimeoutMs: 60_000 };
const writer = () => new RecordWriter(sql, new VersionClock({ now: () => 0 }), 1_000, new RecordTables());

const repositories = (spied: Sql) => recordRepositories(spied, writer(), defaults);

it('reads only the granules of one symbol', async () => {
  const [find] = await granules((spied) =>
    repositories(spied).marketData.find({ symbol: 'S7', startTime: 0, endTime: DAY }),
  );
  const [latest] = await granules((spied) => repositories(spied).marketData.latest('S7', 1));
  for (const step of [find!, latest!]) {
    expect(step.all).toBeGreaterThanOrEqual(10);
    expect(step.read).toBeLessThanOrEqual(2);
  }
});

it('reads few granules when it finds a prediction by id', async () => {
  const [byId] = await granules((spied) => repositories(spied).predictions.findById('p77777'));
  expect(byId!.all).toBeGreaterThanOrEqual(10);
  expect(byId!.read).toBeLessThanOrEqual(3);
});

it('counts all rows only when the page is cut off', async () => {
  const queries = async (limit: number) =>
    (await granules((spied) => repositories(spied).marketData.find({ symbol: 'S7', limit }))).length;
  expect([await queries(999), await queries(1_000), await queries(1_001)]).toEqual([2, 1, 1]);
});

it('counts the rows of a large page while they arrive', async () => {
  const events: string[] = [];
  const spied = changedSql(sql, () => ({
    rows: (...args) => {
      events.push('count begun');
      return sql.rows(...args);
    },
    collect: async (...args) => {
      const parts = await sql.collect(...args);
      events.push('page read');
      return parts;
    },
  }));
  const { marketData } = repositories(spied);
  expect((await marketData.find({ limit: 50_000 })).totalCount).toBe(ROWS);
  expect(events).toEqual(['count begun', 'page read']);
  events.length = 0;
  expect((await marketData.find({ limit: 50_000, count: false })).totalCount).toBeNull();
  expect((await marketData.find({ symbol: 'S7', limit: 50_000 })).totalCount).toBe(ROWS / 100);
  expect(events).toEqual(['page read', 'page read']);
});

it('reads concurrent pages once that are alike in form, too', async () => {
  let reads = 0;
  const spied = changedSql(sql, () => ({
    collect: (...args) => {
      reads++;
      return sql.collect(...args);
    },
  }));
  const { marketData } = repositories(spied);
  const params = { symbol: 'S7', order: 'key', limit: 2_000 } as const;
  const pages = await Promise.all([
    marketData.find(params),
    marketData.find(params),
    marketData.find({ ...params, instants: 'number' }),
    marketData.find(params, { exact: true }),
    // The columns of the order are read as well, so that both have the same statement.
    marketData.find({ ...params, select: ['close', 'symbol', 'timestamp', 'source'] }),
    marketData.find({ ...params, select: ['close'] }),
  ]);
  expect(reads).toBe(5);
  const [first, again, numeric, exact, more, close] = pages.map(({ data }) => data as object[]);
  expect(first).toHaveLength(ROWS / 100);
  expect(again).toEqual(first);
  expect(again!.every((row, i) => row !== first![i])).toBe(true);
  expect(numeric![1]).toMatchObject({ timestamp: 60_000, close: 1 });
  expect(exact![1]).toMatchObject({ timestamp: new Date(60_000), close: '1' });
  expect(more![1]).toEqual({ symbol: 'S7', timestamp: new Date(60_000), close: 1, source: 'vendor' });
  expect(close![1]).toEqual({ close: 1 });
});

it('finds rows of 50,000 symbols', async () => {
  const symbols = Array.from({ length: 50_000 }, (_, n) => `S${n + 50}`);
  const found = await own.backend.marketData.find({ symbols, limit: 1 });
  expect(found.totalCount).toBe(ROWS / 2);
});

it('looks up 1,000 names of the greatest length', async () => {
  const names = Array.from({ length: 1_000 }, (_, n) => `${n}`.padStart(256, "'"));
  expect(await own.backend.strategyPerformance.latestMany(names)).toEqual(new Map());
  const found = await Promise.all(names.map((name) => own.backend.strategyPerformance.latest(name)));
  expect(found).toEqual(names.map(() => null));
});

describe('a large page', () => {
  const queries: string[] = [];
  const spied = () =>
    changedSql(sql, () => ({
      collect: (operation, query, ...rest) => {
        queries.push(query.includes(' FINAL ') ? 'merged' : 'unmerged');
        return sql.collect(operation, query, ...rest);
      },
    }));
  const symbols = ['S1', 'S2'];
  const large = { symbols, limit: 30_000 };
  const version = (symbol: string, open: number, second: number) =>
    sql.command(
      'test',
      `INSERT INTO ${marketData.table} SELECT '${symbol}', fromUnixTimestamp64Milli(0, 'UTC'), ${open}, 2, 0.5, 1, 10, 1, 'vendor', 100,
       now64(3) + ${second}`,
    );

  beforeEach(() => {
    queries.length = 0;
  });

  it('leaves versions unmerged while each key has one', async () => {
    const { marketData } = repositories(spied());
    const found = await marketData.find(large);
    expect(queries).toEqual(['unmerged']);
    expect(found.data).toHaveLength(2 * (ROWS / 100));
    expect(found.data).toEqual((await marketData.find({ symbols, limit: 10_000 })).data);
    expect((await marketData.columns(large)).rowCount).toBe(found.data.length);
    expect(queries).toEqual(['unmerged', 'merged', 'unmerged']);
  });

  it('has the newest versions when a key comes twice', async () => {
    await version('S2', 8, 60);
    const { marketData } = repositories(spied());
    const { data, totalCount } = await marketData.find(large);
    expect([data.length, totalCount]).toEqual([2 * (ROWS / 100), 2 * (ROWS / 100)]);
    expect(data.filter(({ open }) => open === 8)).toHaveLength(1);
    expect(queries).toEqual(['unmerged', 'merged']);
  });

  it('is merged by the engine after a key came twice', async () => {
    await version('S1', 9, 90);
    const { marketData } = repositories(spied());
    const { columns } = await marketData.columns({ ...large, select: ['open'] });
    expect(columns.open.filter((open) => open === 9)).toHaveLength(1);
    await marketData.find(large);
    expect(queries).toEqual(['unmerged', 'merged', 'merged']);
  });
});

it('a stream of feature sets is one query', async () => {
  const features = Object.fromEntries(['b', 'a'].map((name, i) => [name, i]));
  const sets = Array.from({ length: 7 }, (_, i) => ({
    symbol: 'SETS',
    timestamp: Date.UTC(2024, 0, i + 1),
    features,
    version: 1,
  }));
  await own.backend.features.insert(sets);
  let queries = 0;
  const counted = changedSql(sql, () => ({
    blocks: (...args) => {
      queries++;
      return sql.blocks(...args);
    },
    collect: () => {
      throw new Error('no part of a stream');
    },
  }));
  const repository = repositories(counted).features;
  const expected = (await own.backend.features.find({ symbol: 'SETS' })).data;
  expect(expected.map(({ timestamp }) => timestamp.getTime())).toEqual(
    sets.map(({ timestamp }) => timestamp),
  );
  for (const [limit, sizes] of [
    [undefined, [3, 3, 1]],
    [5, [3, 2]],
    [0, []],
  ] as const) {
    queries = 0;
    const batches: FeatureSet[][] = [];
    for await (const batch of repository.stream({ symbol: 'SETS', batchRows: 3, limit })) batches.push(batch);
    expect(batches.map((batch) => batch.length)).toEqual(sizes);
    expect(batches.flat()).toEqual(expected.slice(0, limit));
    expect(queries).toBe(1);
  }
});
