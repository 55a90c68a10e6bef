import type { ColumnQuery, RecordDefinition, RecordRepositories } from '@quantumtrade/dal-domain';
import {
  feature,
  marketData,
  prediction,
  strategyPerformance,
  TimeoutError,
  VersionClock,
} from '@quantumtrade/dal-domain';
import { Random } from '@quantumtrade/dal-testing';
import { ClickHouseClient } from '../connection/clickhouse-client.js';
import type { Sql } from '../connection/sql.js';
import { changedSql } from '../testing/changed-sql.js';
import { failingReads } from '../testing/failing-reads.js';
import { openOwnBackend, type OwnBackend } from '../testing/own-backend.js';
import { storeUnmergedVersions } from '../testing/unmerged-versions.js';
import { RecordTables, RecordWriter } from '../write/record-writer.js';
import { recordRepositories } from './records.js';

const SEED = 11;
const CALLS = 12;
const DAY = 86_400_000;
/** The rows of 100 days are in five partitions. */
const START = Date.UTC(2024, 0, 30);
const ROWS = 200;

/** Each midnight, and the millisecond before it, at which a slice may end. */
const INSTANTS = Array.from({ length: ROWS }, (_, i) => START + Math.floor(i / 2) * DAY - (i % 2));

let own: OwnBackend;

beforeAll(async () => {
  own = await openOwnBackend();
  await storeUnmergedVersions(own.sql, [marketData, feature, prediction, strategyPerformance], insertsOf);
});

afterAll(() => own.close());

function insertsOf(version: number, written: string): string[] {
  const rows = `FROM numbers(${ROWS}) WHERE number % ${version} = 0`;
  const symbol = `'S' || toString(number % 5)`;
  const timeOf = (n: string, stepMs: number) =>
    `fromUnixTimestamp64Milli(${START} + toInt64(intDiv(${n}, 2)) * ${stepMs} - ${n} % 2, 'UTC')`;
  const time = timeOf('number', DAY);
  const changing = `['x', 'y'][1 + (number + ${version}) % 2]`;
  return [
    `${marketData.table} SELECT ${symbol}, ${time}, ${version}, 2, 0.5, 1, 10, 1, ['a', 'b'][1 + intDiv(number, 5) % 2], 100, ${written} ${rows}`,
    `${feature.table} SELECT ${symbol}, ${timeOf('intDiv(number, 4)', 4 * DAY)},
       'f' || toString(number % 4), ${version}, map(), 1, 1, ${written} ${rows}`,
    `${prediction.table} SELECT 'p' || toString(number % 90), ${symbol}, ${time}, ${changing}, 's', 60, ${version}, 1, 'bull', [], 1, map(), ${written} ${rows}`,
    `${strategyPerformance.table} SELECT reinterpretAsUUID(MD5(toString(number))), ${symbol}, ['bull', 'bear'][1 + number % 2], ${time}, 1, ${version}, 1, 1, 1, 1, map(), map(), ${written} ${rows}`,
  ];
}

const FILTERS: Readonly<Record<string, Readonly<Record<string, string | number>>>> = {
  marketData: { source: 'a' },
  features: { featureVersion: 1 },
  predictions: { modelVersion: 'x' },
  strategyPerformance: { marketRegime: 'bull' },
};

function randomParams(random: Random, { name, fields, batch }: RecordDefinition): object {
  const oneOf = <T>(...values: T[]): T => random.pick(values);
  const at = () => START + random.below(110) * DAY - 3 * DAY;
  const filters = Object.fromEntries(Object.entries(FILTERS[name]!).filter(() => random.chance(0.3)));
  return {
    ...(fields['symbol'] && oneOf({}, {}, { symbol: 'S1' }, { symbols: ['S0', 'S3', 'none'] })),
    ...oneOf({}, {}, { startTime: at() }, { endTime: at() }, { startTime: START - 4 * DAY, endTime: at() }),
    filters,
    ...oneOf({}, { order: 'time' }, { order: 'time' }),
    ...oneOf({}, { direction: 'descending' }),
    ...(batch.form === 'rows' && oneOf({}, { select: ['timestamp'] })),
  };
}

const defaults = { defaultPageRows: 10_000, scanBudgetRows: 1_000_000_000, requestTimeoutMs: 60_000 };

/** Returns statements of which reads fail when asked to, and those of slices with more instants than `maxInstants`. */
const failing = (random: Random, maxInstants: () => number, sql: Sql = own.sql) =>
  failingReads(sql, random, ({ first, last }) => {
    const isInSlice = (at: number) => at >= first && at <= last;
    return INSTANTS.filter(isInSlice).length > maxInstants();
  });

const repositoriesOf = (sql: Sql): RecordRepositories =>
  recordRepositories(
    sql,
    new RecordWriter(sql, new VersionClock({ now: () => 0 }), 1_000, new RecordTables()),
    defaults,
  );

/** Returns the result of a call, or its error when it has no cheaper way. */
async function outcomeOf(call: Promise<object>): Promise<object> {
  const { executionTimeMs, ...outcome } = (await call) as { executionTimeMs?: number };
  expect(executionTimeMs === undefined || executionTimeMs >= 0).toBe(true);
  return outcome;
}

it.each([marketData, feature, prediction, strategyPerformance])(
  'pages of $name in slices are those of one query',
  async (definition: RecordDefinition) => {
    const random = new Random(SEED);
    const fails = failing(random, () => (random.chance(0.1) ? 10 : Infinity));
    const name = definition.name as 'marketData';
    const plain = repositoriesOf(own.sql)[name];
    const retried = repositoriesOf(fails.sql)[name];
    let pages = 0;
    for (let i = 0; i < CALLS; i++) {
      let params: object = { ...randomParams(random, definition), limit: 1 + random.below(80) };
      for (let page = 0; page < 2; page++) {
        const expected = await outcomeOf(plain.find(params));
        fails.failNext();
        const found = await outcomeOf(retried.find(params)).catch((error: unknown) => error);
        // Rows in key order have no cheaper way after a timeout.
        if (!(found instanceof TimeoutError)) {
          pages++;
          expect([params, found]).toEqual([params, expected]);
        }
        const { nextCursor } = expected as { nextCursor: string | null };
        if (nextCursor === null) break;
        params = { ...params, cursor: nextCursor, ...(random.chance(0.2) && { count: true }) };
      }
    }
    expect(pages).toBeGreaterThan(CALLS / 2);
    expect(fails.slices).toBeGreaterThan(CALLS);
  },
);

it('columns in slices are those of one query', async () => {
  const random = new Random(SEED);
  const fails = failing(random, () => (random.chance(0.1) ? 10 : Infinity));
  for (let i = 0; i < CALLS; i++) {
    const params = {
      ...randomParams(random, marketData),
      ...(random.chance(0.5) && { limit: 1 + random.below(80) }),
    };
    const expected = await repositoriesOf(own.sql).marketData.columns(params);
    fails.failNext();
    const found = await repositoriesOf(fails.sql)
      .marketData.columns(params)
      .catch((error: unknown) => error);
    if (!(found instanceof TimeoutError)) expect([params, found]).toEqual([params, expected]);
  }
  expect(fails.slices).toBeGreaterThan(CALLS);
});

it('reads in any order in slices have each row once', async () => {
  const random = new Random(SEED);
  const fails = failing(random, () => (random.chance(0.1) ? 10 : Infinity));
  const select = ['symbol', 'timestamp', 'source', 'open'] as const;
  const opensOf = async (sql: Sql, params: ColumnQuery<'marketData'>) => {
    const { columns, rowCount } = await repositoriesOf(sql).marketData.columns({ ...params, select });
    const { symbol, timestamp, source, open } = columns;
    const textOf = ({ dictionary, positions }: typeof symbol, i: number) => dictionary[positions[i]!];
    return Array.from({ length: rowCount }, (_, i) =>
      [textOf(symbol, i), timestamp[i], textOf(source, i), open[i]].join(' '),
    ).sort();
  };
  for (let i = 0; i < CALLS; i++) {
    const {
      order: _,
      direction: __,
      ...params
    } = randomParams(random, marketData) as ColumnQuery<'marketData'>;
    const expected = await opensOf(own.sql, params);
    fails.failNext();
    expect(await opensOf(fails.sql, { ...params, order: 'none' })).toEqual(expected);
    const limit = 1 + random.below(80);
    fails.failNext();
    const some = new Set(await opensOf(fails.sql, { ...params, order: 'none', limit }));
    expect(some.size).toBe(Math.min(limit, expected.length));
    expect(new Set([...expected, ...some]).size).toBe(expected.length);
    fails.failNext();
    const instants = 'number';
    const page = { ...params, select, order: 'none', instants, limit, count: true } as const;
    const { data, ...rest } = await repositoriesOf(fails.sql).marketData.find(page);
    const shown = data.map((row) => [row.symbol, row.timestamp, row.source, row.open].join(' '));
    expect(new Set(shown).size).toBe(Math.min(limit, expected.length));
    expect(new Set([...expected, ...shown]).size).toBe(expected.length);
    expect(rest).toMatchObject({
      hasMore: limit < expected.length,
      nextCursor: null,
      totalCount: expected.length,
    });
  }
  expect(fails.slices).toBeGreaterThan(2 * CALLS);
});

it('sets in any order in slices are there once', async () => {
  const fails = failing(new Random(SEED), () => Infinity);
  const { data: expected } = await repositoriesOf(own.sql).features.find();
  const textsOf = (sets: typeof expected) => sets.map((set) => JSON.stringify(set)).sort();
  for (const limit of [undefined, 7]) {
    fails.failNext();
    const page = await repositoriesOf(fails.sql).features.find({ order: 'none', limit });
    const isCut = limit !== undefined;
    expect(page).toMatchObject({ hasMore: isCut, nextCursor: null, totalCount: expected.length });
    if (!isCut) expect(textsOf(page.data)).toEqual(textsOf(expected));
    expect(new Set(textsOf(page.data)).size).toBe(limit ?? expected.length);
    expect(new Set(textsOf([...expected, ...page.data])).size).toBe(expected.length);
  }
  expect(fails.slices).toBeGreaterThan(2);
});

it('total is counted in slices when its query times out', async () => {
  const { sql, failNext } = failing(new Random(SEED), () => Infinity);
  const counting = changedSql(sql, () => ({
    rows: (operation, query, ...rest) => {
      if (query.includes('count() AS count')) failNext();
      return sql.rows(operation, query, ...rest);
    },
  }));
  const params = { startTime: START + DAY, limit: 5 };
  const found = await repositoriesOf(counting).marketData.find(params);
  expect(found.totalCount).toBe((await repositoriesOf(own.sql).marketData.find(params)).totalCount);
});

it('rows that are written between slices leave the others as they are', async () => {
  let writes = 0;
  const { sql, failNext } = failing(new Random(SEED), () => Infinity);
  const writing = changedSql(sql, () => ({
    collect: async (operation, query, ...rest) => {
      const found = await sql.collect(operation, query, ...rest);
      // Earlier than all rows, later than all rows, and in their middle.
      const at = [START - 400 * DAY, START + 400 * DAY, START + 40 * DAY + 1][writes++ % 3]!;
      await own.sql.command(
        'test',
        `INSERT INTO market_data SELECT 'NEW', fromUnixTimestamp64Milli(${at} + ${writes}, 'UTC'), 1, 2, 0.5, 1, 10, 1, 'n', 100, now64(8)`,
      );
      return found;
    },
  }));
  const before = await repositoriesOf(own.sql).marketData.find({ order: 'time' });
  failNext();
  const { data } = await repositoriesOf(writing).marketData.find({ order: 'time' });
  expect(writes).toBeGreaterThan(4);
  expect(data.filter(({ symbol }) => symbol !== 'NEW')).toEqual(before.data);
  const times = data.map(({ timestamp }) => timestamp.getTime());
  expect(times).toEqual(times.toSorted((a, b) => a - b));
});

it.each([
  ['rows', { maxResultRows: 150 }, 'the result has more than 150 rows (maxResultRows)'],
  ['bytes', { maxResultBytes: 10_000 }, 'the answer has more than 10000 bytes (maxResultBytes)'],
])('slices together have no more %s than a result may have', async (_, limits, message) => {
  const client = new ClickHouseClient({ ...own.settings, ...limits });
  const { sql, failNext } = failing(new Random(SEED), () => Infinity, client.sql(own.settings.database));
  const { marketData } = repositoriesOf(sql);
  const month = { startTime: START, endTime: START + 30 * DAY };
  failNext();
  expect((await marketData.columns({ ...month, order: 'time' })).rowCount).toBe(60);
  failNext();
  await expect(marketData.columns({ order: 'time' })).rejects.toThrow(message);
  await client.close();
});
