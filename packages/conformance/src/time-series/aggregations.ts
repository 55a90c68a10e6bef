import type {
  AggregatedData,
  AggregationParams,
  MarketDataInput,
  TimeSeriesBackend,
} from '@quantumtrade/dal-domain';
import { caseOf } from './record-cases.js';

const { row } = caseOf('marketData');

/** Writes bars and reads aggregates of them. */
export function aggregationsOf(backend: () => TimeSeriesBackend) {
  return {
    bar: (symbol: string, timestamp: number, more: Partial<MarketDataInput> = {}) =>
      ({ ...row(symbol, timestamp), ...more }) as MarketDataInput,
    write: (records: readonly MarketDataInput[], source = 'vendor') =>
      backend().marketData.insert({ records, source }),
    aggregate: async (params: AggregationParams): Promise<AggregatedData[]> =>
      (await backend().analytics.aggregate(params)).data,
    exactly: async (params: AggregationParams): Promise<AggregatedData<true>[]> =>
      (await backend().analytics.aggregate(params, { exact: true })).data,
  };
}
