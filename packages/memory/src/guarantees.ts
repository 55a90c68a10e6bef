import type { GuaranteeInspector } from '@quantumtrade/dal-domain';
import { records, tableGuarantees } from '@quantumtrade/dal-domain';
import { REMEMBERED_BLOCKS } from './repositories/blocks.js';
import type { MemoryStore } from './store/memory-store.js';

const KEPT = {
  remembers: { blocks: REMEMBERED_BLOCKS, seconds: null },
  reasons: { synced: 'it is in memory', replicated: 'it is in memory' },
};

export function guaranteeInspector(store: MemoryStore): GuaranteeInspector {
  return {
    inspect: async (options) => {
      store.checkOpen('guarantees.inspect', options);
      const found = store.schemaVersion > 0 ? KEPT : undefined;
      return Object.values(records).map(({ table }) => tableGuarantees(table, found));
    },
  };
}
