import type { CallOptions } from '@quantumtrade/dal-domain';
import { MigrationError } from '@quantumtrade/dal-domain';
import type {
  ContentOptions,
  DatabaseSnapshot,
  PartitionContent,
  SnapshotBlock,
  SnapshotTable,
} from '@quantumtrade/dal-domain/operations';
import { allOf } from '@quantumtrade/dal-runtime';
import { joinContents } from './table-content.js';

/** Name of no part, which every snapshot refuses. */
const NO_PART = '';

/** A part of one of the snapshots. */
interface JoinedPart {
  readonly snapshot: DatabaseSnapshot;
  readonly name: string;
}

/** Snapshots of all shards as one of the whole database. No row is in two of them. */
export class JoinedSnapshot implements DatabaseSnapshot {
  readonly startedAt: Date;
  readonly completedAt: Date;
  readonly database: string;
  readonly schemaVersion: number;
  readonly serverVersion: string;
  readonly tables: readonly SnapshotTable[];
  readonly #shards: readonly DatabaseSnapshot[];
  /** By their names in {@link tables}. */
  readonly #parts = new Map<string, JoinedPart>();

  /** Throws `MigrationError` where they are of different versions of the schema, or have different columns. */
  constructor(shards: readonly DatabaseSnapshot[]) {
    const [first] = shards;
    const { database, schemaVersion } = first!;
    const refuse = (reason: string, retryable: boolean): never => {
      throw new MigrationError(schemaVersion, reason, { operation: 'backup.snapshot', retryable });
    };
    if (shards.some((shard) => shard.schemaVersion !== schemaVersion))
      refuse('the shards have different versions of the schema; migrate all of them first', true);
    for (const [n, { table, columns }] of first!.tables.entries()) {
      const text = JSON.stringify(columns);
      if (shards.some(({ tables }) => JSON.stringify(tables[n]!.columns) !== text))
        refuse(`${table} has different columns on different shards; qtdal doctor names them`, false);
    }
    this.startedAt = new Date(Math.min(...shards.map(({ startedAt }) => startedAt.getTime())));
    this.completedAt = new Date(Math.max(...shards.map(({ completedAt }) => completedAt.getTime())));
    this.database = database;
    this.schemaVersion = schemaVersion;
    this.serverVersion = [...new Set(shards.map(({ serverVersion }) => serverVersion))].join(', ');
    this.tables = first!.tables.map((table, n) => ({
      ...table,
      parts: shards.flatMap((snapshot, shard) =>
        snapshot.tables[n]!.parts.map((part) => {
          const name = `${shard}/${part.name}`;
          this.#parts.set(name, { snapshot, name: part.name });
          return { ...part, name };
        }),
      ),
    }));
    this.#shards = shards;
  }

  async content(table: string, options?: ContentOptions): Promise<readonly PartitionContent[]> {
    return joinContents(await allOf(this.#shards.map((shard) => shard.content(table, options))));
  }

  async read(
    table: string,
    part: string,
    from: number,
    to: number,
    options?: CallOptions,
  ): Promise<SnapshotBlock> {
    const { snapshot, name } = this.#parts.get(part) ?? { snapshot: this.#shards[0]!, name: NO_PART };
    return snapshot.read(table, name, from, to, options);
  }

  async release(): Promise<void> {
    await allOf(this.#shards.map((shard) => shard.release()));
  }
}
