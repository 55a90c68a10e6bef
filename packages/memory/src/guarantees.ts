import type { GuaranteeInspector, RecordName } from '@quantumtrade/dal-domain';
import { records, tableGuarantees } from '@quantumtrade/dal-domain';
import { REMEMBERED_BLOCKS } from './repositories/blocks.js';
import type { MemoryStore } from './store/memory-store.js';

const KEPT = {
  remembers: { blocks: REMEMBERED_BLOCKS, seconds: null },
  reasons: { synced: 'it is in memory', replicated: 'it is in memory' },
};

export function memoryGuarantees(store: MemoryStore): GuaranteeInspector {
  return {
    inspect: async (options) => {
      store.checkOpen('guarantees.inspect', options);
      return Object.entries(records).map(([name, { table }]) =>
        tableGuarantees(table, store.database.hasTable(name as RecordName) ? KEPT : undefined),
      );
    },
  };
}
