import { randomUUID } from 'node:crypto';
import type {
  BatchResult,
  BatchVersion,
  CallOptions,
  RecordBatches,
  RecordDefinition,
  RecordName,
  RowError,
  VersionClock,
} from '@quantumtrade/dal-domain';
import { drawVersion, isDatabaseError, records, settleVersion } from '@quantumtrade/dal-domain';
import type { Sql } from '../connection/sql.js';
import type { EncodedBlock } from '../codec/block-builder.js';
import { lastOf } from '../codec/steps.js';
import { rowsOfBatch } from './batch-rows.js';
import { BlockKeys } from './block-keys.js';
import { decodeWhole } from './decode-whole.js';
import type { StoredVersions } from './existing-keys.js';
import { existingKeys } from './existing-keys.js';
import { insertOnce } from './insert-once.js';
import type { InsertInFlight } from './inserts-in-flight.js';
import { InsertsInFlight, within } from './inserts-in-flight.js';
import type { RecordEncoders } from './record-encoders.js';

/** Inserts of one batch under way at once: a batch over many months is many small inserts. */
const CONCURRENT_INSERTS = 4;

interface EncodedBatch {
  /** Blocks of different months, which may be written at the same time; a later group only after an earlier one. */
  readonly groups: readonly (readonly EncodedBlock[])[];
  readonly rowCount: number;
  readonly errors: RowError[];
  readonly roundedCount: number;
}

/** Checks batches and writes them. An insert goes to one partition, so it is stored as a whole or not at all. */
export class TableWriter {
  readonly #sql: Sql;
  readonly #encoders: RecordEncoders;
  readonly #maxBlockRows: number;
  readonly #versions: VersionClock;
  readonly #inFlightByRecord = new Map<RecordName, InsertsInFlight>();

  constructor(sql: Sql, encoders: RecordEncoders, maxBlockRows: number, versions: VersionClock) {
    this.#sql = sql;
    this.#encoders = encoders;
    this.#maxBlockRows = maxBlockRows;
    this.#versions = versions;
  }

  /**
   * Stores the batch's rows and counts them by looking up, right before, which keys were there in which version, and by the
   * inserts that were called before and are still under way. Each insert is sent again while its error says that it may
   * succeed, and is stored once. When it fails half way, the error says how many rows are surely stored; the batch may be
   * sent again as a whole.
   */
  async write<N extends RecordName>(
    record: N,
    batch: RecordBatches[N],
    options?: CallOptions,
  ): Promise<BatchResult> {
    const started = performance.now();
    const definition: RecordDefinition = records[record];
    const operation = `${definition.name}.insert`;
    this.#sql.checkOpen(operation, options);
    const version = drawVersion(record, batch, this.#versions);
    const { groups, rowCount, errors, roundedCount } = this.#encode(record, batch, version);
    const inserts = this.#inFlight(record).begin(groups);
    const progress = { stored: 0 };
    let insertedCount = 0;
    let supersededCount = 0;
    try {
      for (const insert of inserts) {
        const counts = await this.#store(definition, insert, progress, operation, options);
        insertedCount += counts.inserted;
        supersededCount += counts.superseded;
      }
    } catch (error) {
      if (progress.stored > 0) tellHowFar(error, progress.stored, rowCount);
      throw error;
    } finally {
      for (const insert of inserts) insert.end(false);
    }
    settleVersion(version, this.#versions);
    return {
      insertedCount,
      updatedCount: rowCount - insertedCount,
      supersededCount,
      failedCount: errors.length,
      roundedCount,
      executionTimeMs: performance.now() - started,
      errors,
    };
  }

  async #store(
    definition: RecordDefinition,
    insert: InsertInFlight,
    progress: { stored: number },
    operation: string,
    options: CallOptions | undefined,
  ): Promise<RowCounts> {
    const keys = await keysOf(definition, insert.blocks);
    insert.keys.resolve(keys);
    const sql = progress.stored > 0 ? this.#sql.continuing : this.#sql;
    const existing = await existingKeys(sql, keys, operation, options);
    insert.lookedUp.resolve();
    const allOf = <T>(others: readonly Promise<T>[]) => within(operation, options, others);
    const near = insert.earlier;
    const theirs = await allOf(near.map((other) => other.keys.promise));
    const earlier = near.filter((_, n) => theirs[n]?.meets(keys));
    await allOf(earlier.map(({ lookedUp }) => lookedUp.promise));
    await forEachConcurrently(insert.blocks, CONCURRENT_INSERTS, async ({ bytes, rowCount: rows }) => {
      const block = { token: randomUUID(), bytes, rowCount: rows, retried: true, isNew: true };
      await insertOnce(this.#sql.continuing, definition, block, operation, options);
      progress.stored += rows;
    });
    insert.end(true);
    return countRows(keys, [existing, ...(await allOf(earlier.map(storedVersions)))]);
  }

  #inFlight(record: RecordName): InsertsInFlight {
    let inFlight = this.#inFlightByRecord.get(record);
    if (!inFlight) this.#inFlightByRecord.set(record, (inFlight = new InsertsInFlight()));
    return inFlight;
  }

  #encode<N extends RecordName>(record: N, batch: RecordBatches[N], version: BatchVersion): EncodedBatch {
    const given = rowsOfBatch(record, batch, version);
    const { rows, constants, keys, rounding } = given;
    const builder = this.#encoders.of(record).builder();
    const groups: EncodedBlock[][] = [];
    let { errors, roundedCount } = given;
    let rowCount = 0;
    for (let from = 0; from < rows.length; from += this.#maxBlockRows) {
      const range = { from, to: from + this.#maxBlockRows };
      const appended = lastOf(builder.appendRows(rows, { constants, keys, rounding, ...range }));
      errors = errors.concat(appended.errors);
      roundedCount += appended.roundedCount;
      rowCount += builder.rowCount;
      const blocks = builder.finish();
      if (blocks.length > 0) groups.push(blocks);
    }
    return { groups, rowCount, errors, roundedCount };
  }
}

async function keysOf(definition: RecordDefinition, group: readonly EncodedBlock[]): Promise<BlockKeys> {
  const decoded = await Promise.all(group.map(async ({ bytes }) => (await decodeWhole(bytes))!));
  return new BlockKeys(definition, decoded);
}

/** What an insert that was called before has stored once it has ended. */
async function storedVersions({ keys, stored }: InsertInFlight): Promise<StoredVersions> {
  return (await stored.promise) ? (await keys.promise)!.versions() : new Map();
}

interface RowCounts {
  /** Keys that were not stored before. */
  readonly inserted: number;
  /** Rows that are older than what was stored, or came in the batch, before. */
  readonly superseded: number;
}

function countRows(keys: BlockKeys, stored: readonly StoredVersions[]): RowCounts {
  const known = stored.filter(({ size }) => size > 0);
  if (known.length === 0 && keys.ascending) return { inserted: keys.rowCount, superseded: 0 };
  /** The newest version of each key so far: sets of one batch of features have versions of their own. */
  const newest = new Map<string, bigint>();
  let inserted = 0;
  let superseded = 0;
  for (const { key, version } of keys.rows()) {
    const before = [newest, ...known].map((each) => each.get(key)).filter((each) => each !== undefined);
    if (before.length === 0) inserted++;
    if (before.some((each) => version < each)) superseded++;
    else newest.set(key, version);
  }
  return { inserted, superseded };
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
