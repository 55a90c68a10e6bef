import type { CheckpointRepository } from '@quantumtrade/dal-domain';
import { requireField } from '@quantumtrade/dal-domain';
import type { MemoryStore } from '../store/memory-store.js';

export function checkpointRepository(store: MemoryStore): CheckpointRepository {
  const requireSource = (sourceId: string, operation: string) =>
    requireField({ kind: 'id' }, 'sourceId', sourceId, operation) as string;
  return {
    load: async (sourceId, options) => {
      const operation = 'checkpoints.load';
      store.checkReady(operation, options);
      return store.checkpoints.get(requireSource(sourceId, operation)) ?? 0;
    },
    save: async (sourceId, position, options) => {
      const operation = 'checkpoints.save';
      store.checkReady(operation, options);
      const source = requireSource(sourceId, operation);
      store.checkpoints.set(
        source,
        Number(requireField({ kind: 'uint64' }, 'position', position, operation)),
      );
    },
  };
}
