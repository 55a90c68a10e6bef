import { createHash } from 'node:crypto';
import { serialize } from 'node:v8';
import type { CallOptions, PreparedRow, RecordDefinition, TimeSource } from '@quantumtrade/dal-domain';
import {
  monthOf,
  requireSchemaVersion,
  requireWholeNumber,
  records,
  ValidationError,
} from '@quantumtrade/dal-domain';
import type {
  BackupBackend,
  DatabaseSnapshot,
  PartitionContent,
  ReplayedBlock,
  RestoreTarget,
  SnapshotColumn,
} from '@quantumtrade/dal-domain/operations';
import { CREATE_TARGET_OPTIONS, requireDatabaseName } from '@quantumtrade/dal-domain/operations';
import { newestMigration } from '@quantumtrade/dal-migrations';
import { rowsOf } from './repositories/blocks.js';
import { MemoryDatabase } from './store/memory-database.js';
import type { MemoryStore } from './store/memory-store.js';

/** Name of the database that the store begins with. */
const DATABASE = 'memory';
/** Approximate size of a row. */
const ROW_BYTES = 200;
const CHECKPOINT_COLUMNS: readonly SnapshotColumn[] = [
  { name: 'sourceId', type: 'id' },
  { name: 'position', type: 'uint64' },
];

/**
 * Backups and restores of a store in memory. A part is a month of rows, and a table has one version of each row: a restored row replaces one
 * of its key.
 */
export function memoryBackups(store: MemoryStore, clock: TimeSource): BackupBackend {
  const others = new Map<string, MemoryDatabase>();
  /** When unfinished restores were used last, by database. */
  const unfinished = new Map<string, number>();
  const requireNew = (field: string, name: string, operation: string) => {
    requireDatabaseName(field, name, operation);
    if (name !== DATABASE && !others.has(name)) return;
    throw new ValidationError(field, `the database ${name} exists already`, { operation });
  };
  return {
    snapshot: async (options) => {
      store.checkOpen('backup.snapshot', options);
      return takeSnapshot(store, new Date(clock.now()));
    },
    createTarget: async (database, schemaVersion, options = {}) => {
      const operation = 'restore.createTarget';
      store.checkOpen(operation, options, CREATE_TARGET_OPTIONS);
      const { replaceIdleMs } = options;
      requireWholeNumber('replaceIdleMs', replaceIdleMs, operation);
      const usedAt = unfinished.get(database);
      if (usedAt !== undefined) {
        const isIdle = replaceIdleMs !== undefined && clock.now() - usedAt >= replaceIdleMs;
        const reason = `the database ${database} is there from a restore that has not finished, and was used at ${new Date(usedAt).toISOString()}`;
        if (!isIdle) throw new ValidationError('database', reason, { operation });
        others.delete(database);
      }
      requireNew('database', database, operation);
      requireSchemaVersion(schemaVersion, newestMigration, operation);
      const created = new MemoryDatabase(schemaVersion);
      others.set(database, created);
      unfinished.set(database, clock.now());
      return restoreTarget(store, database, created, {
        onUse: () => void (unfinished.has(database) && unfinished.set(database, clock.now())),
        complete: () => {
          if (others.get(database) !== created) {
            const reason = `the database ${database} was replaced by another restore`;
            throw new ValidationError('database', reason, { operation: 'restore.complete' });
          }
          unfinished.delete(database);
        },
        drop: () => {
          if (others.get(database) !== created) return;
          others.delete(database);
          unfinished.delete(database);
        },
      });
    },
    promote: async (database, keepAs, options) => {
      const operation = 'restore.promote';
      store.checkOpen(operation, options);
      requireNew('keepAs', keepAs, operation);
      const promoted = others.get(requireDatabaseName('database', database, operation));
      if (unfinished.has(database)) {
        const reason = `the database ${database} is there from a restore that has not finished`;
        throw new ValidationError('database', reason, { operation });
      }
      if (promoted?.schemaVersion !== store.database.schemaVersion) {
        const reason = `${database} has no schema of version ${store.database.schemaVersion}`;
        throw new ValidationError('database', reason, { operation });
      }
      others.delete(database);
      others.set(keepAs, store.database);
      store.database = promoted;
    },
  };
}

function takeSnapshot(store: MemoryStore, takenAt: Date): DatabaseSnapshot {
  const { database } = store;
  const stored = new Map(
    Array.from(database.existing().keys(), (table) => [table, monthsOf(rowsIn(database, table))]),
  );
  const monthsIn = (table: string, operation: string) => {
    const months = stored.get(table);
    if (months) return months;
    throw new ValidationError('table', 'must be a table of the snapshot', { operation });
  };
  return {
    database: DATABASE,
    startedAt: takenAt,
    completedAt: takenAt,
    schemaVersion: database.schemaVersion,
    serverVersion: 'memory',
    tables: Array.from(stored, ([table, months]) => ({
      table,
      columns: columnsOf(database, table),
      parts: contentOf(months).map(({ partition, rows, hash }) => {
        return { name: partition, partition, rows, hash, bytes: rows * ROW_BYTES };
      }),
    })),
    content: async (table, { partitions, ...options } = {}) => {
      store.checkOpen('backup.content', options);
      return contentOf(monthsIn(table, 'backup.content'), partitions);
    },
    read: async (table, part, from, to, options) => {
      const operation = 'backup.read';
      store.checkOpen(operation, options);
      const rows = monthsIn(table, operation).get(part);
      if (!rows) throw new ValidationError('part', 'must be a part of the table', { operation });
      const read = rows.slice(from, to);
      return { rows: read.length, bytes: serialize(read) };
    },
    release: async () => stored.clear(),
  };
}

function restoreTarget(
  store: MemoryStore,
  name: string,
  database: MemoryDatabase,
  restore: { readonly onUse: () => void; readonly complete: () => void; readonly drop: () => void },
): RestoreTarget {
  const storeRows = async (
    operation: string,
    table: string,
    blocks: readonly Omit<ReplayedBlock, 'id'>[],
    options?: CallOptions,
  ) => {
    store.checkOpen(operation, options);
    restore.onUse();
    const rows = blocks.flatMap(({ bytes, rowCount }) => {
      const read = rowsOf(bytes, rowCount);
      if (!read) throw new ValidationError('block', 'is not a block of so many rows', { operation });
      return read;
    });
    const record = database.existing().get(table);
    if (record === undefined) throw new ValidationError('table', 'must be one of the schema', { operation });
    for (const row of rows) {
      if (record !== 'checkpoints') database.tables[record].upsert(row);
      else database.checkpoints.set(row.row['sourceId'] as string, row.row['position'] as number);
    }
  };
  return {
    database: name,
    store: (table, _id, rowCount, bytes, options) =>
      storeRows('restore.store', table, [{ rowCount, bytes }], options),
    replay: (table, blocks, options) => storeRows('restore.replay', table, blocks, options),
    content: async (table, { partitions, ...options } = {}) => {
      store.checkOpen('restore.content', options);
      return contentOf(monthsOf(rowsIn(database, table)), partitions);
    },
    migrate: async (options) => {
      store.checkOpen('restore.migrate', options);
      database.migrate(newestMigration);
      return newestMigration;
    },
    complete: async (options) => {
      store.checkOpen('restore.complete', options);
      restore.complete();
    },
    drop: async (options) => {
      store.checkOpen('restore.drop', options);
      restore.drop();
    },
  };
}

/** Returns the rows of a table, also those of checkpoints. */
function rowsIn(database: MemoryDatabase, table: string): readonly PreparedRow[] {
  const name = database.existing().get(table);
  if (name === undefined) return [];
  if (name !== 'checkpoints') return database.tables[name].rows();
  return Array.from(database.checkpoints, ([sourceId, position]) => {
    return { row: { sourceId, position }, version: 0n };
  });
}

function columnsOf(database: MemoryDatabase, table: string): readonly SnapshotColumn[] {
  const name = database.existing().get(table)!;
  if (name === 'checkpoints') return CHECKPOINT_COLUMNS;
  const { fields }: RecordDefinition = records[name];
  return Object.entries(fields).map(([field, { kind }]) => ({ name: field, type: kind }));
}

type Months = ReadonlyMap<string, readonly PreparedRow[]>;

function monthsOf(rows: readonly PreparedRow[]): Months {
  const months = new Map<string, PreparedRow[]>();
  for (const row of rows) {
    const { timestamp } = row.row;
    const month = timestamp === undefined ? 'all' : String(monthOf(timestamp as number));
    const found = months.get(month);
    if (found) found.push(row);
    else months.set(month, [row]);
  }
  return months;
}

const contentOf = (months: Months, partitions: readonly string[] = [...months.keys()]): PartitionContent[] =>
  [...partitions].sort().flatMap((partition) => {
    const rows = months.get(partition) ?? [];
    return rows.length === 0 ? [] : [{ partition, rows: rows.length, hash: hashOf(rows) }];
  });

/** Returns a hash that does not depend on the order of the rows. */
function hashOf(rows: readonly PreparedRow[]): string {
  const hash = createHash('sha256');
  for (const text of rows.map((row) => JSON.stringify(row, exactly)).sort()) hash.update(text).update('\n');
  return hash.digest('hex');
}

/** Returns values that JSON lacks as texts. */
function exactly(_: string, value: unknown): unknown {
  if (typeof value === 'bigint') return `${value}n`;
  if (typeof value !== 'number' || (Number.isFinite(value) && !Object.is(value, -0))) return value;
  return Object.is(value, -0) ? '-0' : String(value);
}
