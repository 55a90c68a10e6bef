import type { Row } from '@quantumtrade/dal-domain';
import { recordNames, records, requireType } from '@quantumtrade/dal-domain';
import {
  APPLY_RETENTION_OPTIONS,
  type PartitionStorage,
  type StorageController,
} from '@quantumtrade/dal-domain/operations';
import type { MemoryStore } from './store/memory-store.js';

/** Counts rows by month. Bytes are 0, because they are not measured, and rows are never too old. */
export function memoryStorage(store: MemoryStore): StorageController {
  return {
    usage: async (options) => {
      store.checkOpen('storage.usage', options);
      const partitions = recordNames
        .filter((name) => store.database.hasTable(name))
        .flatMap((name) => partitionsOf(records[name].table, store.tables[name].rows()));
      return [{ name: 'memory', partitions, unfinishedMutations: 0, failedMutations: 0 }];
    },
    plan: async (options) => {
      store.checkOpen('storage.plan', options);
      return [];
    },
    apply: async (options) => {
      store.checkOpen('storage.apply', options, APPLY_RETENTION_OPTIONS);
      requireType('deleteRows', options?.deleteRows, 'boolean', 'storage.apply');
      return [];
    },
  };
}

function partitionsOf(table: string, rows: readonly { readonly row: Row }[]): PartitionStorage[] {
  const months = new Map<string, { rows: number; oldest: number; newest: number }>();
  for (const { row } of rows) {
    const timestamp = row['timestamp'] as number;
    const second = timestamp - (timestamp % 1_000);
    const partition = new Date(timestamp).toISOString().slice(0, 7).replace('-', '');
    const month = months.get(partition) ?? { rows: 0, oldest: second, newest: second };
    months.set(partition, month);
    month.rows++;
    month.oldest = Math.min(month.oldest, second);
    month.newest = Math.max(month.newest, second);
  }
  return [...months]
    .sort(([a], [b]) => (a < b ? -1 : 1))
    .map(([partition, month]) => ({
      ...{ table, partition, parts: 1, partsOfFullest: 1, compressedBytes: 0, uncompressedBytes: 0 },
      ...month,
    }));
}
