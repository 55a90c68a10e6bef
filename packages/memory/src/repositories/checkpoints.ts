import type { CheckpointRepository } from '@quantumtrade/dal-domain';
import { requireField } from '@quantumtrade/dal-domain';
import type { MemoryStore } from '../store/memory-store.js';

export function memoryCheckpoints(store: MemoryStore): CheckpointRepository {
  const requireSource = (sourceId: string, operation: string) =>
    requireField({ kind: 'id' }, 'sourceId', sourceId, operation) as string;
  return {
    load: async (sourceId, options) => {
      const operation = 'checkpoints.load';
      store.checkOpen(operation, options);
      const source = requireSource(sourceId, operation);
      store.requireTables(operation, 'checkpoints');
      return store.checkpoints.get(source) ?? 0;
    },
    save: async (sourceId, position, options) => {
      const operation = 'checkpoints.save';
      store.checkOpen(operation, options);
      const source = requireSource(sourceId, operation);
      const wanted = Number(requireField({ kind: 'uint64' }, 'position', position, operation));
      store.requireTables(operation, 'checkpoints');
      store.checkpoints.set(source, wanted);
    },
  };
}
