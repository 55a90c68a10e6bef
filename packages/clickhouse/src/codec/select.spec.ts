import type { RecordDefinition } from '@quantumtrade/dal-domain';
import { marketData } from '@quantumtrade/dal-domain';
import { fromJson, toParameter } from './kinds.js';
import { rowFromJson, selectList } from './select.js';

const definition: RecordDefinition = {
  name: 'bars',
  table: 't',
  fields: { symbol: { kind: 'symbol' }, timestamp: { kind: 'instant' }, adjustedClose: { kind: 'decimal' } },
  key: ['symbol', 'timestamp'],
  versioning: 'upsert',
  since: 1,
  batch: { form: 'rows', rows: 'records', labels: {} },
  cacheKeys: [],
  filters: [],
};

it('selects instants as epoch milliseconds under an alias', () => {
  expect(selectList(definition)).toBe(
    'symbol, toUnixTimestamp64Milli(timestamp) AS timestamp_ms, adjusted_close',
  );
  expect(selectList(marketData, ['symbol'])).toBe('symbol');
});

it('converts values as the engine prints them', () => {
  expect(
    rowFromJson(definition, { symbol: 'A', timestamp_ms: '-2208988800000', adjusted_close: '-0.00000001' }),
  ).toEqual({ symbol: 'A', timestamp: -2_208_988_800_000, adjustedClose: -1n });
});

it('keeps 64 bits of an integer and 32 bits of a float', () => {
  const uint64 = { kind: 'uint64' } as const;
  expect(fromJson(uint64, toParameter(uint64, 18_446_744_073_709_551_615n))).toBe(
    18_446_744_073_709_551_615n,
  );
  expect(fromJson({ kind: 'float32' }, 0.1)).toBe(Math.fround(0.1));
});

it('converts infinities and NaN from their texts', () => {
  expect(['inf', '-inf', 'nan'].map((text) => fromJson({ kind: 'float64' }, text))).toEqual([
    Infinity,
    -Infinity,
    NaN,
  ]);
});
