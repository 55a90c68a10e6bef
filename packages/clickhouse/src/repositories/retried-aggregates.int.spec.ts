import type { Analytics } from '@quantumtrade/dal-domain';
import { marketData, prediction, TimeoutError, ValidationError } from '@quantumtrade/dal-domain';
import { Random } from '@quantumtrade/dal-testing';
import type { Sql } from '../connection/sql.js';
import { failingReads } from '../testing/failing-reads.js';
import { openOwnBackend, type OwnBackend } from '../testing/own-backend.js';
import { storeUnmergedVersions } from '../testing/unmerged-versions.js';
import { analytics } from './analytics.js';

const SEED = 5;
const CALLS = 50;
const HOUR = 3_600_000;
const DAY = 24 * HOUR;
/** The rows of 100 days are in five partitions. */
const START = Date.UTC(2024, 0, 30);
const ROWS = 600;
/** Number of the first row of April, from which on bars have another source. */
const SECOND_SOURCE = 372;

let own: OwnBackend;

beforeAll(async () => {
  own = await openOwnBackend();
  await storeUnmergedVersions(own.sql, [marketData, prediction], insertsOf);
});

afterAll(() => own.close());

function insertsOf(version: number, written: string): string[] {
  const rows = `FROM numbers(${ROWS}) WHERE number % ${version} = 0`;
  const symbol = `'S' || toString(number % 5)`;
  const time = `fromUnixTimestamp64Milli(${START} + toInt64(number) * ${4 * HOUR} - number % 2, 'UTC')`;
  const price = `toDecimal64(number % 97, 8) / 8 + ${version}`;
  // Of S4, two sources have bars at one instant.
  const twins = `SELECT 'S4', ${time}, 1, 9, 0.5, 2, 7, 1, 'twin', 100, ${written} ${rows} AND number % 50 = 4`;
  const bars = `SELECT ${symbol}, ${time}, ${price}, 100 + number, 0.5 + number % 7, ${price} / 4, number % 11, 1, ['a', 'b'][1 + intDiv(number, ${SECOND_SOURCE})], number % 100, ${written} ${rows}`;
  return [
    `${marketData.table} ${bars} UNION ALL ${twins}`,
    `${prediction.table} SELECT 'p' || toString(number), ${symbol}, ${time}, ['x', 'y'][1 + (number + ${version}) % 2], 's', number % 3, ${price}, (number % 8) / 8, 'bull', [], 1, map(), ${written} ${rows}`,
  ];
}

interface Params {
  readonly interval?: string;
  readonly measure?: string;
}

function randomParams(random: Random): Params {
  const oneOf = <T>(...values: T[]): T => random.pick(values);
  const at = () => START + random.below(110) * DAY - 3 * DAY + random.below(DAY);
  const ofBars = {
    ...oneOf({ sources: 'combine' }, { filters: { source: 'a' } }, {}),
    ...oneOf({}, {}, { groupBy: [] }, { groupBy: ['source'] }),
    ...oneOf({}, { measure: 'qualityScore' }),
  };
  const ofPredictions = {
    record: 'predictions',
    ...oneOf({}, { groupBy: ['modelVersion', 'symbol'] }),
    ...oneOf({}, { measure: 'confidence' }, { measure: 'predictionHorizon' }),
  };
  return {
    ...oneOf<object>(ofBars, ofBars, ofPredictions),
    ...oneOf({}, {}, { symbol: 'S1' }, { symbols: ['S0', 'S3', 'none'] }),
    ...oneOf({}, {}, { startTime: at() }, { endTime: at() }, { startTime: START - 4 * DAY, endTime: at() }),
    ...(random.chance(0.7) && { interval: oneOf(...Object.keys(DIVISIBLE_MS)) }),
    ...(random.chance(0.5) && { limit: 1 + random.below(20) }),
    ...withSession(random),
  };
}

const withSession = (random: Random): object =>
  random.chance(0.1) ? { interval: '1d', session: 'us-futures' } : {};

const INSTANTS = Array.from({ length: ROWS }, (_, i) => START + i * 4 * HOUR - (i % 2));

/** Lengths of time with rows from which on a slice can be divided between buckets. */
const DIVISIBLE_MS: Readonly<Record<string, number>> = {
  '5h': 3 * DAY,
  '1d': 3 * DAY,
  '1w': 15 * DAY,
  '1mo': Infinity,
  '1q': Infinity,
};

const defaults = { scanBudgetRows: 1_000_000_000, requestTimeoutMs: 60_000 };
const analyticsOf = (sql: Sql): Analytics => analytics(sql, defaults);

/** Returns the answer of a call, or its error. */
const outcomeOf = (port: Analytics, params: object): Promise<unknown> =>
  port.aggregate(params, { exact: true }).then(
    ({ data, totalCount }) => ({ data, totalCount }),
    (error: unknown) => error,
  );

it('aggregates in slices are those of one query', async () => {
  const random = new Random(SEED);
  let divisibleMs = Infinity;
  const fails = failingReads(own.sql, random, ({ first, last }) => {
    const instants = INSTANTS.filter((at) => at >= first && at <= last);
    return instants.at(-1)! - instants[0]! > divisibleMs && random.chance(0.05);
  });
  const count = { answers: 0, refusals: 0, failures: 0 };
  for (let i = 0; i < CALLS; i++) {
    const params = randomParams(random);
    const expected = await outcomeOf(analyticsOf(own.sql), params);
    divisibleMs = DIVISIBLE_MS[params.interval ?? '1d']!;
    fails.failNext(Infinity);
    const found = await outcomeOf(analyticsOf(fails.sql), params);
    if (params.measure === 'confidence' && !params.interval) {
      // The order in which floats are added up changes their sum.
      expect(['TimeoutError', 'QueryError']).toContain((found as Error).name);
      count.failures++;
    } else {
      expect([params, found]).toEqual([params, expected]);
      count[found instanceof ValidationError ? 'refusals' : 'answers']++;
    }
  }
  expect(Math.min(...Object.values(count))).toBeGreaterThan(0);
  expect(count.answers).toBeGreaterThan(CALLS / 2);
  expect(fails.slices).toBeGreaterThan(5 * CALLS);
});

it('sums of floats without interval are read again for memory only', async () => {
  const random = new Random(SEED);
  const params = { record: 'predictions', measure: 'confidence' };
  const expected = await outcomeOf(analyticsOf(own.sql), params);
  const { sql, failNext, slices } = failingReads(own.sql, random, () => false);
  const names = new Set<unknown>();
  for (let i = 0; i < 10; i++) {
    failNext();
    const found = await outcomeOf(analyticsOf(sql), params);
    if (!(found instanceof TimeoutError)) expect(found).toEqual(expected);
    names.add(found instanceof TimeoutError ? found.name : 'answer');
  }
  expect(names).toEqual(new Set(['TimeoutError', 'answer']));
  expect(slices).toBe(0);
});

it('aggregate of sources in different slices is refused with twins', async () => {
  const { sql, failNext } = failingReads(own.sql, new Random(SEED), () => false);
  // The bars of S0 have one source in each slice, and those of S4 are twins.
  const params = { limit: 1 };
  const expected = await outcomeOf(analyticsOf(own.sql), params);
  expect(expected).toBeInstanceOf(ValidationError);
  failNext(Infinity);
  expect(await outcomeOf(analyticsOf(sql), params)).toEqual(expected);
  failNext(Infinity);
  const found = await outcomeOf(analyticsOf(sql), { ...params, symbol: 'S0' });
  expect(found).toEqual(await outcomeOf(analyticsOf(own.sql), { ...params, symbol: 'S0' }));
  expect(found).toMatchObject({ totalCount: 1 });
});
