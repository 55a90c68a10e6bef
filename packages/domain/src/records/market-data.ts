import type { BatchOf, InputOf, RecordDefinition, RecordOf } from './definition.js';

/**
 * One OHLCV bar of one symbol from one source. Prices may be negative, as those of futures have been. Bars whose high, low,
 * open and close contradict each other are stored as they are; `qualityScore` can mark them. Volumes may be fractional.
 */
export const marketData = {
  name: 'marketData',
  table: 'market_data',
  since: 1,
  fields: {
    symbol: { kind: 'symbol' },
    timestamp: { kind: 'instant' },
    open: { kind: 'decimal' },
    high: { kind: 'decimal' },
    low: { kind: 'decimal' },
    close: { kind: 'decimal' },
    volume: { kind: 'decimal', precision: 38, min: 0 },
    adjustedClose: { kind: 'decimal' },
    source: { kind: 'label' },
    qualityScore: { kind: 'uint8' },
  },
  key: ['symbol', 'timestamp', 'source'],
  versioning: 'upsert',
  batch: { form: 'rows', rows: 'records', labels: { source: 'source' } },
  cacheKeys: ['market:{symbol}:latest'],
  filters: ['source'],
  aggregate: {
    groups: ['symbol', 'source'],
    measures: ['close', 'open', 'high', 'low', 'adjustedClose', 'volume', 'qualityScore'],
    bars: true,
  },
  latest: { by: 'symbol', returns: 'rows' },
} as const satisfies RecordDefinition;

export type MarketData<E extends boolean = false> = RecordOf<typeof marketData, E>;
export type MarketDataInput = InputOf<typeof marketData>;
/** Bars of one source. */
export type MarketDataBatch = BatchOf<typeof marketData>;
