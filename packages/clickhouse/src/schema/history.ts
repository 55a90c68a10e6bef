import type { CallOptions } from '@quantumtrade/dal-domain';
import { MigrationError } from '@quantumtrade/dal-domain';
import type { Sql } from '../connection/sql.js';
import type { MigrationDirection, Migration } from './migration-files.js';

/** Latest record of one migration. */
export interface Progress {
  readonly version: number;
  readonly name: string;
  readonly checksum: string;
  readonly direction: MigrationDirection;
  /** Time of the latest statement. */
  readonly appliedAt: Date;
  /** Number of statements done, out of `statements`. */
  readonly done: number;
  readonly statements: number;
}

/** One direction of one migration, to be run from the statement at `from`. */
export interface MigrationStep {
  readonly migration: Migration;
  readonly direction: MigrationDirection;
  readonly from: number;
}

/** State of a schema according to its history. */
export class HistoryState {
  readonly #progress: ReadonlyMap<number, Progress>;
  readonly nextOrdinal: number;

  constructor(entries: readonly Progress[]) {
    this.#progress = new Map(entries.map((entry) => [entry.version, entry]));
    this.nextOrdinal = entries.length;
  }

  /** Returns the migrations that are applied completely, ascending. */
  get applied(): Progress[] {
    return this.#all.filter((entry) => entry.direction === 'up' && entry.done === entry.statements);
  }

  /** Returns the migrations that stopped between two statements, up or down. */
  get unfinished(): Progress[] {
    return this.#all.filter((entry) => entry.done < entry.statements);
  }

  get version(): number {
    return this.applied.at(-1)?.version ?? 0;
  }

  /** Returns the applied migrations whose files were changed afterwards. */
  edited(migrations: readonly Migration[]): Progress[] {
    return this.applied.filter((entry) => {
      const migration = migrations[entry.version - 1];
      return migration !== undefined && migration.checksum !== entry.checksum;
    });
  }

  /** Returns the steps to `target`. Throws `MigrationError` when the files do not match the applied migrations. */
  stepsTo(target: number, migrations: readonly Migration[]): MigrationStep[] {
    const [edited] = this.edited(migrations);
    if (edited)
      throw inconsistent(edited.version, `the files of ${edited.name} were changed after it was applied`);
    const undo = this.#all.filter(
      (entry) => entry.version > target && !(entry.direction === 'down' && entry.done === entry.statements),
    );
    const down = undo.reverse().map((entry): MigrationStep => {
      const migration = migrations[entry.version - 1];
      if (!migration)
        throw inconsistent(entry.version, `${entry.name} was applied, but its files are missing`);
      return { migration, direction: 'down', from: this.#resumeAt(migration, 'down') };
    });
    const applied = new Set(this.applied.map((entry) => entry.version));
    const up = migrations
      .filter(({ version }) => version <= target && !applied.has(version))
      .map((migration): MigrationStep => ({
        migration,
        direction: 'up',
        from: this.#resumeAt(migration, 'up'),
      }));
    return [...down, ...up];
  }

  get #all(): Progress[] {
    return [...this.#progress.values()].sort((a, b) => a.version - b.version);
  }

  /** Returns the first statement to run: 0 for a migration that was changed since it stopped, or runs in the other direction. */
  #resumeAt(migration: Migration, direction: MigrationDirection): number {
    const last = this.#progress.get(migration.version);
    const resumes =
      last?.direction === direction && last.done < last.statements && last.checksum === migration.checksum;
    return resumes ? last.done : 0;
  }
}

/** Table `schema_migrations`: one row for every statement that was run in its database. */
export class History {
  readonly #server: Sql;
  readonly #database: string;

  /** `server` may be connected to another database. */
  constructor(server: Sql, database: string) {
    this.#server = server;
    this.#database = database;
  }

  async create(options: CallOptions): Promise<void> {
    await this.#server.command(
      'schema.history',
      `CREATE TABLE IF NOT EXISTS {database:Identifier}.schema_migrations (
         ordinal UInt64, version UInt32, name String, checksum String, direction LowCardinality(String),
         statement UInt16, statements UInt16, applied_at DateTime64(3, 'UTC') DEFAULT now64(3)
       ) ENGINE = MergeTree ORDER BY ordinal`,
      { database: this.#database },
      options,
    );
  }

  /** Empty when the table or its database does not exist yet. */
  async read(options: CallOptions): Promise<HistoryState> {
    const params = { database: this.#database };
    // A health check must not wait behind the calls that it reports on.
    const server = this.#server.continuing;
    const [found] = await server.rows<{ found: number }>(
      'schema.history',
      `SELECT toUInt8(count()) AS found FROM system.tables
       WHERE database = {database:String} AND name = 'schema_migrations'`,
      params,
      options,
    );
    if (!found?.found) return new HistoryState([]);
    const entries = await server.rows<Omit<Progress, 'appliedAt'> & { at: number }>(
      'schema.history',
      `SELECT version, name, checksum, direction, statement AS done, statements,
         toFloat64(toUnixTimestamp64Milli(applied_at)) AS at
       FROM {database:Identifier}.schema_migrations ORDER BY ordinal, applied_at`,
      params,
      options,
    );
    return new HistoryState(entries.map(({ at, ...entry }) => ({ ...entry, appliedAt: new Date(at) })));
  }

  async record(
    ordinal: number,
    { migration, direction }: MigrationStep,
    done: number,
    options: CallOptions,
  ): Promise<void> {
    await this.#server.command(
      'schema.history',
      `INSERT INTO {database:Identifier}.schema_migrations
         (ordinal, version, name, checksum, direction, statement, statements)
       SELECT {ordinal:UInt64}, {version:UInt32}, {name:String}, {checksum:String}, {direction:String},
         {done:UInt16}, {statements:UInt16}`,
      {
        database: this.#database,
        ordinal,
        version: migration.version,
        name: migration.name,
        checksum: migration.checksum,
        direction,
        done,
        statements: migration[direction].length,
      },
      options,
    );
  }
}

function inconsistent(version: number, reason: string): MigrationError {
  return new MigrationError(version, reason, { operation: 'schema.migrate' });
}
