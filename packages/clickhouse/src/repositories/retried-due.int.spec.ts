import { outcome, prediction } from '@quantumtrade/dal-domain';
import { Random } from '@quantumtrade/dal-testing';
import type { Sql } from '../connection/sql.js';
import { failingReads } from '../testing/failing-reads.js';
import { openOwnBackend, type OwnBackend } from '../testing/own-backend.js';
import { storeUnmergedVersions } from '../testing/unmerged-versions.js';
import { dueForEvaluation } from './evaluation.js';

const SEED = 7;
const CALLS = 30;
const DAY = 86_400_000;
/** The rows of 100 days are in five partitions. */
const START = Date.UTC(2024, 0, 30);
const ROWS = 400;

let own: OwnBackend;

beforeAll(async () => {
  own = await openOwnBackend();
  await storeUnmergedVersions(own.sql, [prediction, outcome], insertsOf);
});

afterAll(() => own.close());

function insertsOf(version: number, written: string): string[] {
  const rows = `FROM numbers(${ROWS}) WHERE number % ${version} = 0`;
  // Two rows are of each midnight, and two of the millisecond before it.
  const key = `'p' || toString(number), 'S' || toString(number % 3)`;
  const time = `fromUnixTimestamp64Milli(${START} + toInt64(intDiv(number, 4)) * ${DAY} - number % 2, 'UTC')`;
  return [
    `${prediction.table} SELECT ${key}, ${time}, 'm', 's', [60, 90][1 + intDiv(number, 8) % 2], ${version}, 1, 'bull', [], 1, map(), ${written} ${rows}`,
    `${outcome.table} (prediction_id, symbol, timestamp, written_at) SELECT ${key}, ${time}, ${written} ${rows} AND number % 5 < 2`,
  ];
}

interface Params {
  readonly horizon: number;
  readonly now: number;
  readonly limit: number | undefined;
}

const dueOf = async (sql: Sql, { limit, ...params }: Params): Promise<object> => {
  const options = limit === undefined ? undefined : { limit };
  const due = await dueForEvaluation(sql, prediction, prediction.evaluate, params, options, 60_000);
  return { data: due.data, totalCount: due.totalCount };
};

it('due predictions in slices are those of one query', async () => {
  const random = new Random(SEED);
  const fails = failingReads(own.sql, random, ({ first, last }) => {
    const days = Math.min(last - START, 100 * DAY) - Math.max(first - START, 0);
    return days > 2 * DAY && random.chance(0.05);
  });
  let rows = 0;
  for (let i = 0; i < CALLS; i++) {
    const params = {
      horizon: random.chance(0.5) ? 60 : 90,
      now: START + random.below(110) * DAY - 3 * DAY + random.below(2) * 3_600_000,
      limit: random.chance(0.5) ? 1 + random.below(40) : undefined,
    };
    const expected = await dueOf(own.sql, params);
    fails.failNext(Infinity);
    const found = await dueOf(fails.sql, params);
    expect([params, found]).toEqual([params, expected]);
    rows += (found as { data: object[] }).data.length;
  }
  expect(rows).toBeGreaterThan(10 * CALLS);
  expect(fails.slices).toBeGreaterThan(3 * CALLS);
});
