import type { InputOf, RecordDefinition, RecordOf } from './record.js';

/**
 * One OHLCV bar of one symbol from one source. Prices may be negative (futures have been). Whether high, low, open and close
 * agree with each other is the source's matter: vendors' bars that do not are kept as they are, and `qualityScore` is the
 * place to mark them. Volumes may be fractional, as shares and coins are traded in fractions.
 */
export const marketData = {
  name: 'marketData',
  table: 'market_data',
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
  filters: ['source'],
  groups: ['symbol', 'source'],
  measures: ['close', 'open', 'high', 'low', 'adjustedClose', 'volume', 'qualityScore'],
} as const satisfies RecordDefinition;

export type MarketData<E extends boolean = false> = RecordOf<typeof marketData, E>;
export type MarketDataInput = InputOf<typeof marketData>;
