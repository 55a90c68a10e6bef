import type { RecordDefinition, RecordRepositories } from '@quantumtrade/dal-domain';
import { marketData, prediction, TimeoutError, VersionClock } from '@quantumtrade/dal-domain';
import { Random } from '@quantumtrade/dal-testing';
import type { Sql } from '../connection/sql.js';
import { changedSql } from '../testing/changed-sql.js';
import { openOwnBackend, type OwnBackend } from '../testing/own-backend.js';
import { storeUnmergedVersions } from '../testing/unmerged-versions.js';
import { RecordTables, RecordWriter } from '../write/record-writer.js';
import { recordRepositories } from './records.js';

const SEED = 3;
const CALLS = 15;
const DAY = 86_400_000;
const START = Date.UTC(2024, 0, 30);
const ROWS = 9_000;

let own: OwnBackend;

beforeAll(async () => {
  own = await openOwnBackend();
  await storeUnmergedVersions(own.sql, [marketData, prediction], insertsOf);
});

afterAll(() => own.close());

function insertsOf(version: number, written: string): string[] {
  const rows = `FROM numbers(${ROWS}) WHERE number % ${version} = 0`;
  const symbol = `'S' || toString(number % 5)`;
  const time = `fromUnixTimestamp64Milli(${START} + toInt64(intDiv(number, 100)) * ${DAY}, 'UTC')`;
  // Rows of one symbol and instant differ in the last field of their key.
  return [
    `${marketData.table} SELECT ${symbol}, ${time}, ${version}, 2, 0.5, 1, 10, 1, 'a' || toString(intDiv(number, 5) % 20), 100, ${written} ${rows}`,
    `${prediction.table} SELECT 'p' || toString(number), ${symbol}, ${time}, ['x', 'y'][1 + (number + ${version}) % 2], 's', 60, ${version}, 1, 'bull', [], 1, map(), ${written} ${rows}`,
  ];
}

function randomParams(random: Random, { name }: RecordDefinition): object {
  const oneOf = <T>(...values: T[]): T => random.pick(values);
  const at = () => START + random.below(90) * DAY;
  return {
    ...oneOf({}, {}, { symbols: ['S0', 'S3', 'none'] }),
    ...oneOf({}, {}, { startTime: at() }, { endTime: at() }),
    ...(name === 'predictions' && oneOf({}, { filters: { modelVersion: 'x' } })),
    ...oneOf({}, { direction: 'descending' }),
    ...oneOf({}, { select: ['timestamp'] }),
  };
}

/** Returns statements of which reads of more than `maxRows` rows time out. */
function limited(maxRows: number): { readonly sql: Sql; chunks: number } {
  const found = {
    sql: changedSql(own.sql, () => ({
      collect: async (operation, query, ...rest) => {
        const limit = Number(/LIMIT (\d+)$/.exec(query)?.[1] ?? Infinity);
        if (limit > maxRows) throw new TimeoutError(1, { operation, queryId: 'q' });
        found.chunks++;
        return own.sql.collect(operation, query, ...rest);
      },
    })),
    chunks: 0,
  };
  return found;
}

const defaults = { defaultPageRows: 10_000, scanBudgetRows: 1_000_000_000, requestTimeoutMs: 60_000 };
const repositoriesOf = (sql: Sql): RecordRepositories =>
  recordRepositories(
    sql,
    new RecordWriter(sql, new VersionClock({ now: () => 0 }), 1_000, new RecordTables()),
    defaults,
  );

it.each([marketData, prediction])(
  'pages of $name in chunks are those of one query',
  async (definition: RecordDefinition) => {
    const random = new Random(SEED);
    const name = definition.name as 'marketData';
    const plain = repositoriesOf(own.sql)[name];
    let pages = 0;
    let chunks = 0;
    for (let i = 0; i < CALLS; i++) {
      let params: object = { ...randomParams(random, definition), limit: 2_000 + random.below(7_000) };
      for (let page = 0; page < 2; page++) {
        const { executionTimeMs, ...expected } = await plain.find(params);
        const limits = limited([1_024, 1_500, 4_000][random.below(3)]!);
        const found = await repositoriesOf(limits.sql)
          [name].find(params)
          .catch((error: unknown) => error);
        // In descending order, a filter that versions may differ in has no cheaper way.
        if (!(found instanceof TimeoutError)) {
          pages++;
          chunks += limits.chunks;
          expect(executionTimeMs).toBeGreaterThan(0);
          expect([params, found]).toEqual([params, { ...expected, executionTimeMs: expect.any(Number) }]);
        }
        if (expected.nextCursor === null) break;
        params = { ...params, cursor: expected.nextCursor };
      }
    }
    expect(pages).toBeGreaterThan(CALLS / 2);
    expect(chunks).toBeGreaterThan(2 * pages);
  },
);

it.each(['ascending', 'descending'] as const)(
  'all columns %s in chunks are those of one query',
  async (direction) => {
    const params = { direction };
    const expected = await repositoriesOf(own.sql).marketData.columns(params);
    const { sql } = limited(1_500);
    expect(await repositoriesOf(sql).marketData.columns(params)).toEqual(expected);
    expect(expected.rowCount).toBe(ROWS);
  },
);

it('chunks end with an error when the shortest one times out', async () => {
  const limits = limited(1_000);
  const found = repositoriesOf(limits.sql).marketData.columns();
  await expect(found).rejects.toBeInstanceOf(TimeoutError);
  expect(limits.chunks).toBe(0);
});
