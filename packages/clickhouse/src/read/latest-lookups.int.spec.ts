import type { RecordDefinition, Row } from '@quantumtrade/dal-domain';
import { feature, marketData, prediction, strategyPerformance } from '@quantumtrade/dal-domain';
import { Random } from '@quantumtrade/dal-testing';
import type { Sql } from '../connection/sql.js';
import { openOwnBackend, type OwnBackend } from '../testing/own-backend.js';
import { storeUnmergedVersions } from '../testing/unmerged-versions.js';
import { plainLatest } from '../query/latest-query.js';
import { toSql } from '../query/table-query.js';
import { readBlocks } from '../testing/read-blocks.js';
import { canonicalRows } from './block-rows.js';
import type { LatestLookupsOptions, LookupKey } from './latest-lookups.js';
import { LatestLookups, restOfKey, textOfKey } from './latest-lookups.js';

const SEED = 20_261_129;
const START = Date.UTC(2024, 0, 30);
const HOUR = 3_600_000;

let own: OwnBackend;
let sql: Sql;

beforeAll(async () => {
  own = await openOwnBackend();
  sql = own.sql;
  await storeUnmergedVersions(sql, [marketData, feature, prediction, strategyPerformance], insertsOf);
});

afterAll(() => own.close());

/** Some symbols end long before the others. */
function insertsOf(version: number, written: string): string[] {
  const rows = `FROM numbers(4000) WHERE rand(number + ${version}) % 2 = 0 OR ${version} = 1`;
  const symbol = `'S' || toString(number % 20)`;
  const time = `fromUnixTimestamp64Milli(${START} + toInt64(intDiv(number, 20 + 20 * (number % 20 > 15))) * ${HOUR / 2}, 'UTC')`;
  return [
    `${marketData.table} SELECT ${symbol}, ${time}, ${version}, 2, 0.5, 1, 10, 1, ['a', 'b'][1 + intDiv(number, 20) % 2], 100, ${written} ${rows}`,
    `${feature.table} SELECT ${symbol}, ${time}, arrayJoin(number % 7 = 0 ? ['f'] : ['h', 'g', 'f']), ${version}, '{}', intDiv(number, 3) % 2, 1, ${written} ${rows}`,
    `${prediction.table} SELECT 'p' || toString(number % 900), ${symbol}, ${time}, 'm', 's', 60, ${version}, 1, 'bull', [], 1, map(), ${written} ${rows}`,
    `${strategyPerformance.table} SELECT reinterpretAsUUID(MD5(toString(number))), ${symbol}, ['bull', 'bear'][1 + number % 2], ${time}, 1, ${version}, 1, 1, 1, 1, map(), map(), ${written} ${rows}`,
  ];
}

const optionsOf = (
  definition: RecordDefinition,
  by: readonly string[],
  more: Partial<LatestLookupsOptions> = {},
): LatestLookupsOptions => ({
  definition,
  by,
  thenBy: restOfKey(definition, by, more.isIdentifier ?? false),
  areSets: false,
  isIdentifier: false,
  operation: 'test.latest',
  timeoutMs: 60_000,
  ...more,
});

const KINDS: Readonly<Record<string, { options: LatestLookupsOptions; keyOf: (n: number) => LookupKey }>> = {
  'market data by symbol': { options: optionsOf(marketData, ['symbol']), keyOf: (n) => [`S${n % 22}`] },
  'strategy performance by strategy': {
    options: optionsOf(strategyPerformance, ['strategyName']),
    keyOf: (n) => [`S${n % 22}`],
  },
  'predictions by id': {
    options: optionsOf(prediction, ['predictionId'], { isIdentifier: true }),
    keyOf: (n) => [`p${n}`],
  },
  'feature values': {
    options: optionsOf(feature, ['symbol', 'featureName'], {
      thenBy: [{ name: 'featureVersion', isDescending: true }],
    }),
    keyOf: (n) => [`S${n % 22}`, n % 3 === 0 ? 'f' : 'g'],
  },
  'feature sets': {
    options: optionsOf(feature, ['symbol'], {
      areSets: true,
      thenBy: [{ name: 'featureName', isDescending: false }],
    }),
    keyOf: (n) => [`S${n % 22}`],
  },
};

/** Reads all rows of a key and takes those that a lookup has to find. */
async function plainAnswer(options: LatestLookupsOptions, key: LookupKey, limit: number): Promise<Row[]> {
  const plain = plainLatest({ ...options, isMany: false, limit, isHinted: false });
  const planned = { sql: toSql(plain), params: {}, settings: {}, rules: [] };
  const bound = Object.fromEntries(key.map((value, i) => [`key${i}`, value]));
  const blocks = await readBlocks(sql, planned, bound);
  const rows = canonicalRows(
    blocks.map((block) => ({ block, from: 0, to: block.rowCount })),
    options.definition,
  );
  if (!options.areSets) return rows;
  const position = (row: Row) => (row['timestamp'] as number) * 10 + (row['featureVersion'] as number);
  const newest = Math.max(...rows.map(position));
  return rows.filter((row) => position(row) === newest);
}

it.each(Object.keys(KINDS))('lookups of %s answer as a plain query does', async (kind) => {
  const { options, keyOf } = KINDS[kind]!;
  const random = new Random(SEED);
  for (const limit of options.areSets || options.isIdentifier ? [1] : [1, 3]) {
    const lookups = new LatestLookups(sql, options);
    // Later rounds are hinted by what the earlier ones found.
    for (const size of [1, 6, 1, 9, 2]) {
      const keys = Array.from({ length: size }, () => keyOf(random.below(1_000)));
      const found = await Promise.all(keys.map((key) => lookups.find(key, limit, undefined)));
      for (const [i, key] of keys.entries()) {
        expect([key, canonicalRows(found[i] ?? [], options.definition)]).toEqual([
          key,
          await plainAnswer(options, key, limit),
        ]);
      }
    }
    const all = [...new Map(Array.from({ length: 30 }, (_, n) => [textOfKey(keyOf(n)), keyOf(n)])).values()];
    const many = await lookups.findMany(all, limit, 'test.latestMany', undefined);
    for (const key of all) {
      expect(canonicalRows(many.get(textOfKey(key)) ?? [], options.definition)).toEqual(
        await plainAnswer(options, key, limit),
      );
    }
  }
});
