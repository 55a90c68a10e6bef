import { prepareRowBatch } from './batch.js';
import { readEnvelope } from './batch-envelope.js';
import type { FeatureBatch } from './feature.js';
import { featureSetOf } from './feature-set.js';
import { Invalid } from './kinds/kind.js';
import type { MarketDataBatch } from './market-data.js';
import { marketData } from './market-data.js';
import type { PredictionBatch } from './prediction.js';
import type { StrategyPerformanceBatch } from './strategy-performance.js';
import type { BatchVersion } from '../versions/versions.js';
import { versionAt } from '../versions/versions.js';

const VERSION = versionAt(Date.UTC(2024, 0, 1));

const prepareMarketData = (batch: MarketDataBatch, version: bigint) =>
  prepareRowBatch('marketData', batch, version);
const preparePredictions = (batch: PredictionBatch, version: bigint) =>
  prepareRowBatch('predictions', batch, version);
const prepareStrategyPerformance = (batch: StrategyPerformanceBatch, version: bigint) =>
  prepareRowBatch('strategyPerformance', batch, version);
const prepareFeatures = (batches: readonly FeatureBatch[], version: BatchVersion) =>
  prepareRowBatch('features', batches, version);

const bar = {
  symbol: 'A',
  timestamp: 0,
  open: 1,
  high: 1,
  low: 1,
  close: 1,
  volume: 1,
  adjustedClose: 1,
  qualityScore: 1,
};

const performance = {
  strategyName: 's',
  marketRegime: 'bull',
  timestamp: 0,
  accuracyRate: 0.5,
  profitLoss: 1,
  sharpeRatio: 1,
  maxDrawdown: 0,
  totalTrades: 1,
  winRate: 0.5,
  parameters: { b: 1, a: 2 },
  marketConditions: {},
};

describe('a prepared batch', () => {
  it('preparing a batch adds labels to valid rows, reports others', () => {
    const prepared = prepareMarketData({ records: [bar, { ...bar, high: NaN }, bar], source: 'x' }, 5n);
    expect(prepared.rows.map(({ row, version }) => [row['source'], version])).toEqual([
      ['x', 5n],
      ['x', 5n],
    ]);
    expect(prepared.errors).toEqual([{ index: 1, field: 'high', reason: 'must be finite' }]);
  });

  it('the label of a batch overrides that of a row', () => {
    const row = { ...bar, source: 'other' };
    expect(prepareMarketData({ records: [row], source: 'x' }, VERSION).rows[0]?.row['source']).toBe('x');
  });

  it('readEnvelope refuses a batch without its label', () => {
    const unused = { ...marketData };
    expect(() => readEnvelope(unused, { records: [] })).toThrow(
      expect.objectContaining({ field: 'source', reason: 'is required' }),
    );
  });

  it('an invalid label is reported by its name in the batch', () => {
    expect(() => preparePredictions({ predictions: [], modelVersion: 'm', strategy: '' }, VERSION)).toThrow(
      expect.objectContaining({ field: 'strategy' }),
    );
  });
});

describe('the id of a strategy’s performance', () => {
  const idsOf = (...records: StrategyPerformanceBatch['records'][number][]) =>
    prepareStrategyPerformance({ records }, VERSION).rows.map(({ row }) => row['id']);

  it('derives the performance id from strategy, regime, instant and parameters', () => {
    const [first, ...same] = idsOf(
      performance,
      { ...performance, timestamp: new Date(0) },
      { ...performance, parameters: { a: 2, b: 1 }, profitLoss: 5 },
    );
    expect(first).toMatch(/^[0-9a-f]{8}-[0-9a-f]{4}-8[0-9a-f]{3}-a[0-9a-f]{3}-[0-9a-f]{12}$/);
    expect(same).toEqual([first, first]);
    const others = idsOf(
      { ...performance, timestamp: 1 },
      { ...performance, marketRegime: 'bear' },
      { ...performance, strategyName: 't' },
      { ...performance, parameters: { a: 2 } },
    );
    expect(new Set([first, ...others]).size).toBe(5);
  });

  it('the derived performance id is stable across package versions', () => {
    expect(idsOf(performance)).toEqual(['8ecb986c-b4d9-8fb6-aca7-3a66ba038d04']);
  });

  it('keeps the performance id of the caller', () => {
    const id = '00000000-0000-4000-8000-00000000000f';
    expect(idsOf({ ...performance, id })).toEqual([id]);
  });
});

describe('prepared features', () => {
  const batch = { symbol: 'A', timestamp: 0, features: { b: 2, a: 1 }, version: 1 };

  it('prepareFeatures returns one row per feature with sorted metadata', () => {
    const { rows } = prepareFeatures([{ ...batch, metadata: { z: '1', y: '2' } }], 7n);
    expect(rows.map(({ row, version }) => [row['featureName'], row['featureMetadata'], version])).toEqual([
      ['b', '{"y":"2","z":"1"}', 7n],
      ['a', '{"y":"2","z":"1"}', 7n],
    ]);
  });

  it('prepared features have their batch version or its error', () => {
    const { rows, errors } = prepareFeatures([batch, batch, batch], [1n, new Invalid('is too late'), 3n]);
    expect(rows.map(({ version }) => version)).toEqual([1n, 1n, 3n, 3n]);
    expect(errors).toEqual([
      { index: 1, field: 'computedAt', reason: 'is too late' },
      { index: 1, field: 'computedAt', reason: 'is too late' },
    ]);
  });

  it('prepareFeatures reports the index of the batch and the feature', () => {
    const { rows, errors } = prepareFeatures(
      [batch, { ...batch, features: { a: 1, b: NaN } }, { ...batch, version: -1 }],
      VERSION,
    );
    expect(rows).toHaveLength(3);
    expect(errors.map(({ index, field }) => [index, field])).toEqual([
      [1, 'features.b'],
      [2, 'version'],
      [2, 'version'],
    ]);
  });

  it('featureSetOf restores the set from its rows', () => {
    const { rows } = prepareFeatures([{ ...batch, metadata: { unit: '%' }, calculationTimeMs: 3 }], VERSION);
    expect(featureSetOf(rows.map(({ row }) => row))).toEqual({
      symbol: 'A',
      timestamp: new Date(0),
      version: 1,
      features: { a: 1, b: 2 },
      metadata: { unit: '%' },
      featureMetadata: { a: { unit: '%' }, b: { unit: '%' } },
      calculationTimeMs: 3,
    });
  });

  it('featureSetOf returns unreadable metadata as text', () => {
    const { rows } = prepareFeatures([{ ...batch, metadata: { unit: '%' } }], VERSION);
    const row = (name: string) => rows.find((prepared) => prepared.row['featureName'] === name)!.row;
    const foreign = { ...row('a'), featureMetadata: '{"unit":5}' };
    expect(featureSetOf([foreign, row('b')])).toMatchObject({
      features: { a: 1, b: 2 },
      featureMetadata: { a: { $text: '{"unit":5}' }, b: { unit: '%' } },
    });
  });
});

describe('the rows of a batch', () => {
  const reasons = (rows: readonly unknown[]) =>
    prepareMarketData({ records: rows as never, source: 'x' }, VERSION).errors.map(
      ({ index, field, reason }) => `${index}.${field}: ${reason}`,
    );
  const unreadable = (name: string) =>
    Object.defineProperty({ ...bar }, name, {
      enumerable: true,
      get: () => {
        throw new Error('unreadable');
      },
    });

  it('accepts rows with any prototype', () => {
    class Bar {
      readonly internal = 1;
      get symbol() {
        return 'A';
      }
    }
    const { symbol: _, ...others } = bar;
    const rows = [
      Object.assign(new Bar(), others),
      Object.create(bar),
      Object.assign(Object.create(null), bar),
      Object.freeze({ ...bar }),
      { ...bar, source: 'ignored' },
    ];
    expect(reasons(rows)).toEqual([]);
  });

  it('reports each row that is missing, unreadable or no object', () => {
    const rows: unknown[] = [bar];
    rows[2] = unreadable('close');
    rows.push(() => bar, [bar], new Proxy(bar, { ownKeys: () => [0] as never }), bar);
    expect(reasons(rows)).toEqual([
      '1.market_data: must be an object',
      '2.close: cannot be read',
      '3.market_data: must be an object',
      '4.symbol: is required',
      '5.market_data: cannot be read',
    ]);
  });

  it('reports an unknown key before other errors of a row', () => {
    const { volume: _, ...rest } = bar;
    expect(
      reasons([
        { ...bar, volum: 1 },
        { ...rest, volum: 1 },
        { ...bar, open: 'x', writtenAt: 1 },
      ]),
    ).toEqual([
      '0.volum: unknown key, did you mean "volume"?',
      '1.volum: unknown key, did you mean "volume"?',
      expect.stringMatching(/^2.writtenAt: unknown key, expected one of symbol, timestamp, open/),
    ]);
  });
});

describe('a batch itself', () => {
  const prepare = (batch: unknown) => () => prepareMarketData(batch as never, VERSION);

  it('accepts a batch object of a class with accessors', () => {
    class Batch {
      readonly #source = 'x';
      get source() {
        return this.#source;
      }
      get records() {
        return [bar];
      }
    }
    expect(prepare(new Batch())().rows).toHaveLength(1);
  });

  it.each([
    [{ records: [], source: 'x', timestmp: 1 }, 'timestmp', 'unknown key, did you mean "timestamp"?'],
    [{ records: { length: 0 }, source: 'x' }, 'records', 'must be a list of records'],
    [
      {
        get records() {
          throw new Error('unreadable');
        },
        source: 'x',
      },
      'records',
      'cannot be read',
    ],
  ])('refuses a batch by its invalid member: %#', (batch, field, reason) => {
    expect(prepare(batch)).toThrow(expect.objectContaining({ code: 'VALIDATION', field, reason }));
  });

  it('takes null metadata and calculation time as not given', () => {
    const set = { symbol: 'A', timestamp: 0, version: 1, features: { a: 1 } };
    const absent = { metadata: null, calculationTimeMs: null };
    const { rows, errors } = prepareFeatures([{ ...set, ...absent } as never], VERSION);
    expect(errors).toEqual([]);
    expect(rows).toEqual(prepareFeatures([set], VERSION).rows);
  });

  it('reports an unknown key of a feature batch for each feature', () => {
    const set = { symbol: 'A', timestamp: 0, version: 1, features: { a: 1, b: 2 } };
    const { rows, errors } = prepareFeatures([{ ...set, metdata: {} } as never, set], VERSION);
    expect(rows).toHaveLength(2);
    const reason = 'unknown key, did you mean "metadata"?';
    expect(errors).toEqual([
      { index: 0, field: 'metdata', reason },
      { index: 0, field: 'metdata', reason },
    ]);
  });
});
