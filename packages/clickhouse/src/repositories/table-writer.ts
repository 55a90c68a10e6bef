import type { BatchResult, CallOptions, Clock, PreparedBatch, PreparedRow } from '@quantumtrade/dal-domain';
import { checkCall, isDatabaseError } from '@quantumtrade/dal-domain';
import type { Sql } from '../client/sql.js';
import { encodeRow, insertColumns } from '../encoding/columns.js';
import { blocksOf, groupsOf, keyOf, survivors } from './blocks.js';
import { existingKeys } from './existing-keys.js';

/** Inserts of one batch under way at once: a batch over many months is many small inserts. */
const CONCURRENT_INSERTS = 4;

/** Checks batches and writes them. An insert goes to one partition, so it is stored as a whole or not at all. */
export class TableWriter {
  readonly #sql: Sql;
  readonly #maxBlockRows: number;
  readonly #clock: Clock;

  constructor(sql: Sql, maxBlockRows: number, clock: Clock) {
    this.#sql = sql;
    this.#maxBlockRows = maxBlockRows;
    this.#clock = clock;
  }

  /**
   * Stores the batch's rows and counts them by looking up, right before, which keys were there. When it fails half way,
   * the error says how many rows are surely stored; the batch may be sent again as a whole.
   */
  async write(prepare: (now: number) => PreparedBatch, options?: CallOptions): Promise<BatchResult> {
    const started = performance.now();
    const batch = prepare(this.#clock.now());
    const operation = `${batch.definition.name}.insert`;
    checkCall(options, operation);
    const rows = survivors(batch.definition, batch.rows);
    const size = this.#maxBlockRows;
    let known = 0;
    let stored = 0;
    try {
      for (const group of groupsOf(blocksOf(rows.values(), size), size)) {
        known += await this.#known(batch, operation, group.flat(), options);
        await forEachConcurrently(group, CONCURRENT_INSERTS, async (block) => {
          await this.#insert(batch, operation, block, options);
          stored += block.length;
        });
      }
    } catch (error) {
      if (stored > 0) tellHowFar(error, stored, rows.size);
      throw error;
    }
    const insertedCount = rows.size - known;
    return {
      insertedCount,
      updatedCount: batch.rows.length - insertedCount,
      failedCount: batch.errors.length,
      executionTimeMs: performance.now() - started,
      errors: batch.errors,
    };
  }

  async #known(
    { definition }: PreparedBatch,
    operation: string,
    rows: readonly PreparedRow[],
    options: CallOptions | undefined,
  ): Promise<number> {
    const existing = await existingKeys(this.#sql, definition, operation, rows, options);
    return rows.filter(({ row }) => existing.has(keyOf(definition, row))).length;
  }

  async #insert(
    { definition }: PreparedBatch,
    operation: string,
    rows: readonly PreparedRow[],
    options: CallOptions | undefined,
  ): Promise<void> {
    const values = rows.map(({ row, writtenAt }) => encodeRow(definition, row, writtenAt));
    await this.#sql.insert(
      operation,
      { table: definition.table, columns: insertColumns(definition), values },
      options,
    );
  }
}

function tellHowFar(error: unknown, stored: number, all: number): void {
  if (!isDatabaseError(error)) return;
  error.message += `; at least ${stored} of ${all} rows are stored, and the batch can be sent again`;
}

/** After a failure no further item is begun, and those under way have ended when the failure is thrown. */
async function forEachConcurrently<T>(
  items: readonly T[],
  concurrency: number,
  action: (item: T) => Promise<void>,
): Promise<void> {
  const rest = items.values();
  let failed = false;
  const lanes = Array.from({ length: concurrency }, async () => {
    for (const item of rest) {
      if (failed) return;
      await action(item).catch((error: unknown) => {
        failed = true;
        throw error;
      });
    }
  });
  const failure = (await Promise.allSettled(lanes)).find(({ status }) => status === 'rejected');
  if (failure) throw (failure as PromiseRejectedResult).reason;
}
