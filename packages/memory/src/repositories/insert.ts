import type { BatchResult, CallOptions, RecordBatches, RecordName } from '@quantumtrade/dal-domain';
import { drawVersion, prepareRowBatch, settleVersion } from '@quantumtrade/dal-domain';
import type { MemoryStore } from '../store/memory-store.js';

/** Inserts a batch of rows; returns how many rows were inserted, updated and superseded. */
export function insertRows<N extends RecordName>(
  store: MemoryStore,
  name: N,
  batch: RecordBatches[N],
  options: CallOptions | undefined,
): BatchResult {
  const started = performance.now();
  const operation = `${name}.insert`;
  store.checkOpen(operation, options);
  const version = drawVersion(name, batch, store.versions);
  const { rows, errors, roundedCount } = prepareRowBatch(name, batch, version);
  if (rows.length > 0) store.requireTables(operation, name);
  const counts = { inserted: 0, updated: 0, superseded: 0 };
  for (const row of rows) counts[store.tables[name].upsert(row)]++;
  settleVersion(version, store.versions);
  return {
    insertedCount: counts.inserted,
    updatedCount: counts.updated + counts.superseded,
    supersededCount: counts.superseded,
    failedCount: errors.length,
    roundedCount,
    executionTimeMs: performance.now() - started,
    errors,
    writeToken: rows.length > 0 ? store.writeTokenOf(name) : null,
  };
}
