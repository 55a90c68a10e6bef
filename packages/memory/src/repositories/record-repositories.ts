import type {
  MarketDataRepository,
  OutcomeRepository,
  SentimentRepository,
  StrategyPerformanceRepository,
} from '@quantumtrade/dal-domain';
import { READ_OPTIONS } from '@quantumtrade/dal-domain';
import type { MemoryStore } from '../store/memory-store.js';
import { present } from '../store/memory-store.js';
import { timeOf } from '../store/series.js';

export function marketDataRepository(store: MemoryStore): MarketDataRepository {
  return {
    insert: async (batch, options) => store.insert('marketData', batch, options),
    find: async (params, options) => store.find('marketData', params, options),
    latest: async (symbol, limit, options) => store.latest('marketData', symbol, limit, options),
  };
}

export function sentimentRepository(store: MemoryStore): SentimentRepository {
  return {
    insert: async (batch, options) => store.insert('sentiment', batch, options),
    find: async (params, options) => store.find('sentiment', params, options),
    latest: async (symbol, limit, options) => store.latest('sentiment', symbol, limit, options),
  };
}

export function outcomeRepository(store: MemoryStore): OutcomeRepository {
  return {
    insert: async (batch, options) => store.insert('outcomes', batch, options),
    find: async (params, options) => store.find('outcomes', params, options),
  };
}

export function strategyPerformanceRepository(store: MemoryStore): StrategyPerformanceRepository {
  return {
    insert: async (batch, options) => store.insert('strategyPerformance', batch, options),
    find: async (params, options) => store.find('strategyPerformance', params, options),
    latest: async (strategyName, options) => {
      const operation = 'strategyPerformance.latest';
      store.checkOpen(operation, options, READ_OPTIONS);
      const rows = store.rowsWhere('strategyPerformance', 'strategyName', strategyName, operation);
      const newest = rows.find((row) => timeOf(row) === timeOf(rows.at(-1)!));
      return newest ? present('strategyPerformance', [newest], options)[0]! : null;
    },
  };
}
