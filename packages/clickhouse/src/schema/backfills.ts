import type { CallOptions } from '@quantumtrade/dal-domain';
import type { Sql } from '../connection/sql.js';
import type { MigrationStep } from './history.js';
import type { MigrationLease } from './lock.js';
import { partitionsOf } from './partitions.js';

/** A statement that is run once for each partition of a table. */
export interface Backfill {
  readonly step: Pick<MigrationStep, 'migration' | 'direction'>;
  /** Position of the statement in its migration. */
  readonly position: number;
  /** The table that it reads. */
  readonly table: string;
}

export interface BackfillProgress {
  readonly partitionsDone: number;
  readonly partitions: number;
}

/**
 * Table `schema_backfills`: one row for every partition that a statement was run for. A statement that stopped goes on with the partitions
 * that are missing there; the one that it was in is run again. Partitions that come up meanwhile are not waited for: what writes the new
 * table beside the old one has their rows.
 */
export class Backfills {
  readonly #sql: Sql;
  readonly #server: Sql;

  /** @param server - statements that may be run while the database does not exist */
  constructor(sql: Sql, server: Sql) {
    this.#sql = sql;
    this.#server = server;
  }

  /** Runs a statement for the partitions that it was not run for. */
  async run(
    backfill: Backfill,
    statement: string,
    lease: MigrationLease,
    options: CallOptions,
  ): Promise<void> {
    const database = this.#sql.database;
    const { migration, direction } = backfill.step;
    await this.#server.command(
      'schema.migrate',
      `CREATE TABLE IF NOT EXISTS {database:Identifier}.schema_backfills (
         version UInt32, checksum String, direction LowCardinality(String), statement UInt16, partition String,
         finished_at DateTime64(3, 'UTC') DEFAULT now64(3)
       ) ENGINE = MergeTree ORDER BY (version, statement, partition)`,
      { database },
      options,
    );
    const done = await this.#done(backfill, options);
    for (const partition of await this.#partitions(backfill, options)) {
      if (done.has(partition)) continue;
      await lease.confirm(migration.version, options);
      await this.#sql.command('schema.migrate', statement, { partition }, options);
      await this.#server.command(
        'schema.migrate',
        `INSERT INTO {database:Identifier}.schema_backfills (version, checksum, direction, statement, partition)
         SELECT {version:UInt32}, {checksum:String}, {direction:String}, {position:UInt16}, {partition:String}`,
        { ...keyOf(backfill), direction, database, partition },
        options,
      );
    }
  }

  async progress(backfill: Backfill, options: CallOptions): Promise<BackfillProgress> {
    const [partitions, done] = await Promise.all([
      this.#partitions(backfill, options),
      this.#done(backfill, options),
    ]);
    return {
      partitions: partitions.length,
      partitionsDone: partitions.filter((partition) => done.has(partition)).length,
    };
  }

  #partitions({ table }: Backfill, options: CallOptions): Promise<string[]> {
    return partitionsOf(this.#server, this.#sql.database, table, 'schema.status', options);
  }

  async #done(backfill: Backfill, options: CallOptions): Promise<ReadonlySet<string>> {
    const database = this.#sql.database;
    const [table] = await this.#server.rows(
      'schema.status',
      `SELECT 1 FROM system.tables WHERE database = {database:String} AND name = 'schema_backfills'`,
      { database },
      options,
    );
    if (!table) return new Set();
    const rows = await this.#server.rows<{ partition: string }>(
      'schema.status',
      `SELECT partition FROM {database:Identifier}.schema_backfills
       WHERE version = {version:UInt32} AND checksum = {checksum:String} AND direction = {direction:String}
         AND statement = {position:UInt16}`,
      { ...keyOf(backfill), database },
      options,
    );
    return new Set(rows.map(({ partition }) => partition));
  }
}

const keyOf = ({ step: { migration, direction }, position }: Backfill) => ({
  version: migration.version,
  checksum: migration.checksum,
  direction,
  position,
});
