import { inspect } from 'node:util';
import type { PageQuery, QueryPlan, RecordDefinition, RecordName, Row } from '@quantumtrade/dal-domain';
import {
  marketData,
  planColumns,
  planPage,
  rowPosition,
  prediction,
  strategyPerformance,
} from '@quantumtrade/dal-domain';
import { Random } from '@quantumtrade/dal-testing';
import type { Sql } from '../connection/sql.js';
import { canonicalRows } from '../read/block-rows.js';
import { readBlocks } from '../testing/read-blocks.js';
import { openOwnBackend, type OwnBackend } from '../testing/own-backend.js';
import { storeUnmergedVersions } from '../testing/unmerged-versions.js';
import { planRows } from './plan-rows.js';
import { fieldsOf, plainRows } from './row-query.js';
import { toSql } from './table-query.js';
import type { PlannedQuery } from './rule.js';

const SEED = 7;
const PLANS = 60;
const START = Date.UTC(2024, 0, 30);
const HOUR = 3_600_000;

let own: OwnBackend;
let sql: Sql;

beforeAll(async () => {
  own = await openOwnBackend();
  sql = own.sql;
  await storeUnmergedVersions(sql, [marketData, prediction, strategyPerformance], insertsOf);
});

afterAll(() => own.close());

function insertsOf(version: number, written: string): string[] {
  const rows = `FROM numbers(600) WHERE number % ${version} = 0`;
  const symbol = `'S' || toString(number % 5)`;
  const time = `fromUnixTimestamp64Milli(${START} + toInt64(intDiv(number, 10)) * ${2 * HOUR}, 'UTC')`;
  const changing = `['x', 'y'][1 + (number + ${version}) % 2]`;
  return [
    `${marketData.table} SELECT ${symbol}, ${time}, ${version}, 2, 0.5, 1, 10, 1, ['a', 'b'][1 + intDiv(number, 5) % 2], 100, ${written} ${rows}`,
    `${prediction.table} SELECT 'p' || toString(number % 90), ${symbol}, ${time}, ${changing}, 's', 60, ${version}, 1, 'bull', [], 1, map(), ${written} ${rows}`,
    `${strategyPerformance.table} SELECT reinterpretAsUUID(MD5(toString(number))), ${symbol}, ['bull', 'bear'][1 + number % 2], ${time}, 1, ${version}, 1, 1, 1, 1, map(), map(), ${written} ${rows}`,
  ];
}

const FILTERS: Readonly<Record<string, Readonly<Record<string, string>>>> = {
  marketData: { source: 'a' },
  predictions: { modelVersion: 'x', predictionId: 'p7' },
  strategyPerformance: { strategyName: 'S2', marketRegime: 'bull' },
};

function randomParams(random: Random, { name, fields }: RecordDefinition): object {
  const oneOf = <T>(...values: T[]): T => random.pick(values);
  const start = START + random.below(60) * 2 * HOUR;
  const filters = Object.fromEntries(Object.entries(FILTERS[name]!).filter(() => random.chance(0.3)));
  return {
    ...(fields['symbol'] && oneOf({}, { symbol: 'S1' }, { symbols: ['S0', 'S3', 'none'] }, { symbols: [] })),
    ...oneOf({}, { startTime: start }, { endTime: start }, { startTime: start, endTime: start + 20 * HOUR }),
    filters,
    ...oneOf({}, { order: 'key' }, { order: 'time' }),
    ...oneOf({}, { direction: 'descending' }),
    ...oneOf({}, { select: ['timestamp'] }),
  };
}

async function rowsOf(plan: QueryPlan, query: PlannedQuery): Promise<Row[]> {
  const blocks = await readBlocks(sql, query);
  return canonicalRows(
    blocks.map((block) => ({ block, from: 0, to: block.rowCount })),
    plan.definition,
    fieldsOf(plan),
  );
}

it.each([marketData, prediction, strategyPerformance])(
  'planned reads of $name answer as plain ones do',
  async (definition: RecordDefinition) => {
    const random = new Random(SEED);
    const applied = new Set<string>();
    for (let i = 0; i < PLANS; i++) {
      const params = randomParams(random, definition);
      let plan = planPage(definition, params, 'test', 1 + random.below(200));
      // The second page begins in the middle of the first one.
      for (let page = 0; page < 2; page++) {
        const read = { plan, limit: plan.limit };
        const planned = planRows(read);
        const plain = plainRows(read);
        const expected = await rowsOf(plan, { ...planned, ...plain, sql: toSql(plain) });
        expect([params, plan.after, await rowsOf(plan, planned)]).toEqual([params, plan.after, expected]);
        for (const { rule } of planned.rules) applied.add(rule);
        if (expected.length === 0) break;
        const middle = random.pick(expected);
        plan = { ...plan, after: rowPosition(plan.order, middle) };
      }
    }
    expect(applied).toContain('keyset-range');
  },
);

const textsOf = (rows: readonly Row[]): string[] =>
  rows.map((row) => inspect(row, { sorted: true, depth: null })).sort();

it.each([marketData, prediction, strategyPerformance])(
  'reads of $name in any order answer as plain ones do',
  async (definition: RecordDefinition) => {
    const random = new Random(SEED);
    let found = 0;
    for (let i = 0; i < PLANS / 3; i++) {
      const {
        order: _,
        direction: __,
        ...params
      } = randomParams(random, definition) as PageQuery<RecordName>;
      const given = { ...params, select: undefined };
      const sorted = planColumns(definition, { ...given, order: 'key' }, 'test');
      const plan = planColumns(definition, { ...given, order: 'none' }, 'test');
      const read = { plan: sorted, limit: undefined };
      const plain = plainRows(read);
      const expected = textsOf(await rowsOf(sorted, { ...plain, sql: toSql(plain), rules: [] }));
      const all = textsOf(await rowsOf(plan, planRows({ plan, limit: undefined })));
      expect([params, all]).toEqual([params, expected]);
      const limit = 1 + random.below(200);
      const some = textsOf(await rowsOf(plan, planRows({ plan, limit })));
      expect(new Set(some).size).toBe(Math.min(limit, expected.length));
      expect(new Set([...expected, ...some]).size).toBe(expected.length);
      found += some.length;
    }
    expect(found).toBeGreaterThan(PLANS);
  },
);
