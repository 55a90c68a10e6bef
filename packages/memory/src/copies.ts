import {
  COMPARE_COPIES_OPTIONS,
  REPAIR_COPIES_OPTIONS,
  requireCopyOptions,
  type CopyController,
} from '@quantumtrade/dal-domain/operations';
import type { MemoryStore } from './store/memory-store.js';

const COMPARISON = { partitions: 0, differences: [], unsettled: [], lacking: [], unreachable: [] };

/** Finds no differences: rows are stored once. */
export function memoryCopies(store: MemoryStore): CopyController {
  return {
    compare: async (options = {}) => {
      const operation = 'copies.compare';
      store.checkOpen(operation, options, COMPARE_COPIES_OPTIONS);
      requireCopyOptions(options, operation);
      return COMPARISON;
    },
    repair: async (options = {}) => {
      const operation = 'copies.repair';
      store.checkOpen(operation, options, REPAIR_COPIES_OPTIONS);
      requireCopyOptions(options, operation);
      return { copied: [], refused: [], after: COMPARISON };
    },
  };
}
