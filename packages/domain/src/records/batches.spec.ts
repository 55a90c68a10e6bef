import type { StrategyPerformanceBatch } from './batches.js';
import {
  prepareFeatures,
  prepareMarketData,
  preparePredictions,
  prepareStrategyPerformance,
} from './batches.js';
import { featureSetOf } from './feature-set.js';
import { Invalid } from './field.js';
import { versionAt } from '../versions/version-clock.js';

const VERSION = versionAt(Date.UTC(2024, 0, 1));

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
  it('splits rows into good and bad, and gives the good ones the batch’s labels and version', () => {
    const prepared = prepareMarketData({ records: [bar, { ...bar, high: NaN }, bar], source: 'x' }, 5n);
    expect(prepared.rows.map(({ row, version }) => [row['source'], version])).toEqual([
      ['x', 5n],
      ['x', 5n],
    ]);
    expect(prepared.errors).toEqual([{ index: 1, field: 'high', reason: 'must be finite' }]);
  });

  it('does not let a row say what its batch says', () => {
    const row = { ...bar, source: 'other' };
    expect(prepareMarketData({ records: [row], source: 'x' }, VERSION).rows[0]?.row['source']).toBe('x');
  });

  it('names the label that is wrong as the batch calls it', () => {
    expect(() => preparePredictions({ predictions: [], modelVersion: 'm', strategy: '' }, VERSION)).toThrow(
      expect.objectContaining({ field: 'strategy' }),
    );
  });
});

describe('the id of a strategy’s performance', () => {
  const idsOf = (...records: StrategyPerformanceBatch['records'][number][]) =>
    prepareStrategyPerformance({ records }, VERSION).rows.map(({ row }) => row['id']);

  it('is derived from strategy, regime, instant and parameters, in whatever form they are given', () => {
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

  it('stays the same from version to version of this package', () => {
    expect(idsOf(performance)).toEqual(['8ecb986c-b4d9-8fb6-aca7-3a66ba038d04']);
  });

  it('is the caller’s where there is one', () => {
    const id = '00000000-0000-4000-8000-00000000000f';
    expect(idsOf({ ...performance, id })).toEqual([id]);
  });
});

describe('prepared features', () => {
  const batch = { symbol: 'A', timestamp: 0, features: { b: 2, a: 1 }, version: 1 };

  it('are one row each, with sorted metadata', () => {
    const { rows } = prepareFeatures([{ ...batch, metadata: { z: '1', y: '2' } }], 7n);
    expect(rows.map(({ row, version }) => [row['featureName'], row['featureMetadata'], version])).toEqual([
      ['b', '{"y":"2","z":"1"}', 7n],
      ['a', '{"y":"2","z":"1"}', 7n],
    ]);
  });

  it('have the version of their batch, or are refused with it', () => {
    const { rows, errors } = prepareFeatures([batch, batch, batch], [1n, new Invalid('is too late'), 3n]);
    expect(rows.map(({ version }) => version)).toEqual([1n, 1n, 3n, 3n]);
    expect(errors).toEqual([
      { index: 1, field: 'computedAt', reason: 'is too late' },
      { index: 1, field: 'computedAt', reason: 'is too late' },
    ]);
  });

  it('report the batch and the feature at fault', () => {
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

  it('make a set again', () => {
    const { rows } = prepareFeatures([{ ...batch, metadata: { unit: '%' }, calculationTimeMs: 3 }], VERSION);
    expect(featureSetOf(rows.map(({ row }) => row))).toEqual({
      symbol: 'A',
      timestamp: new Date(0),
      version: 1,
      features: { a: 1, b: 2 },
      metadata: { unit: '%' },
      calculationTimeMs: 3,
    });
  });
});
