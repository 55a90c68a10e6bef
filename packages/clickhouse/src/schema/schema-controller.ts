import type {
  CallOptions,
  SchemaController,
  SchemaDrift,
  SchemaPreview,
  SchemaReport,
} from '@quantumtrade/dal-domain';
import { isDatabaseError, MigrationError, requireSchemaVersion } from '@quantumtrade/dal-domain';
import { packagedMigrations } from '@quantumtrade/dal-migrations';
import type { Sql } from '../connection/sql.js';
import { compare, snapshot } from './drift.js';
import type { HistoryState, MigrationStep } from './history.js';
import { History } from './history.js';
import type { LockOptions, MigrationLease } from './lock.js';
import { MigrationLock } from './lock.js';
import { findLosses, tablesDroppedBy } from './losses.js';
import type { Migration } from './migration-files.js';
import { migrationFileName, loadMigrations } from './migration-files.js';
import { findRefusal, checkReason } from './refusals.js';
import { createScratchDatabase, removeDatabase } from './scratch-databases.js';

export interface SchemaControllerOptions {
  /** Folder of `NNNN_name.up.sql` and `NNNN_name.down.sql`. @default that of `@quantumtrade/dal-migrations` */
  migrationsDirectory?: string;
  lock?: LockOptions;
}

/** Databases in which a schema is created to compare it. */
const SCRATCH = { operation: 'schema.validate', prefix: 'qtdal_scratch', abandonedAfterS: 3_600 };

/**
 * Applies migrations from files in the database of `sql`, which need not exist yet. The history of statements is kept in the
 * table `schema_migrations` of that database, the lock in `schema_migrations_lock_N`.
 */
export class ClickHouseSchemaController implements SchemaController {
  readonly #sql: Sql;
  readonly #server: Sql;
  readonly #directory: string;
  readonly #history: History;
  readonly #lock: MigrationLock;

  constructor(sql: Sql, { migrationsDirectory = packagedMigrations, lock }: SchemaControllerOptions = {}) {
    this.#sql = sql;
    this.#server = sql.on('system');
    this.#directory = migrationsDirectory;
    this.#history = new History(this.#server, sql.database);
    this.#lock = new MigrationLock(this.#server, sql.database, lock);
  }

  /** Leaves a schema alone that a newer release has migrated further. */
  async initialize(options: CallOptions = {}): Promise<void> {
    this.#sql.checkOpen('schema.initialize', options);
    await this.#move(Infinity, await loadMigrations(this.#directory), options);
  }

  async migrate(version: number, options: CallOptions = {}): Promise<void> {
    this.#sql.checkOpen('schema.migrate', options);
    const migrations = await loadMigrations(this.#directory);
    requireSchemaVersion(version, migrations.length, 'schema.migrate');
    await this.#move(version, migrations, options);
  }

  async preview(version?: number, options: CallOptions = {}): Promise<SchemaPreview> {
    this.#sql.checkOpen('schema.preview', options);
    const migrations = await loadMigrations(this.#directory);
    if (version !== undefined) requireSchemaVersion(version, migrations.length, 'schema.preview');
    const history = await this.#history.read(options);
    const down = history
      .stepsTo(version ?? Infinity, migrations)
      .filter(({ direction }) => direction === 'down')
      .flatMap(({ migration, from }) => migration.down.slice(from));
    // On the way to version 0 all tables are emptied first.
    const refusal = version === 0 ? undefined : await findRefusal(this.#sql, down, options);
    return {
      from: history.version,
      to: version ?? Math.max(history.version, migrations.length),
      isNew: history.nextOrdinal === 0 && (await this.#hasNoTables(options)),
      losses: await findLosses(this.#server, this.#sql.database, down, options),
      ...(refusal !== undefined && { refusal }),
    };
  }

  async version(options: CallOptions = {}): Promise<number> {
    this.#sql.checkOpen('schema.version', options);
    return (await this.#history.read(options)).version;
  }

  async validate(options: CallOptions = {}): Promise<SchemaReport> {
    this.#sql.checkOpen('schema.validate', options);
    const migrations = await loadMigrations(this.#directory);
    const history = await this.#history.read(options);
    const applied = new Set(history.applied.map(({ version }) => version));
    const drift = [
      ...historyDrift(history, migrations),
      ...compare(
        await this.#expected(
          migrations.filter(({ version }) => applied.has(version)),
          options,
        ),
        await snapshot(this.#server, this.#sql.database, options),
      ),
    ];
    return { valid: drift.length === 0, version: history.version, drift };
  }

  async #move(target: number, migrations: readonly Migration[], options: CallOptions): Promise<void> {
    const before = await this.#history.read(options);
    if (before.stepsTo(target, migrations).length === 0) return;
    await this.#server.command(
      'schema.migrate',
      'CREATE DATABASE IF NOT EXISTS {database:Identifier}',
      { database: this.#sql.database },
      options,
    );
    await this.#lock.run(options, async (lease) => {
      await this.#history.create(options);
      const history = await this.#history.read(options);
      const steps = history.stepsTo(target, migrations);
      if (target === 0) await this.#emptyTables(steps, lease, options);
      let ordinal = history.nextOrdinal;
      for (const step of steps) {
        ordinal = await this.#apply(step, ordinal, lease, options);
      }
    });
  }

  /**
   * Empties the tables that the steps to version 0 drop, so that no step converts their rows, or refuses because of a row
   * that an older type does not hold.
   */
  async #emptyTables(
    steps: readonly MigrationStep[],
    lease: MigrationLease,
    options: CallOptions,
  ): Promise<void> {
    for (const table of tablesDroppedBy(steps.flatMap(({ migration }) => migration.down))) {
      await lease.confirm(0, options);
      const statement = `TRUNCATE TABLE IF EXISTS ${table}`;
      await this.#run(this.#sql, statement, options).catch((cause: unknown) => {
        throw failure(0, `emptying ${table}`, statement, cause);
      });
    }
  }

  async #apply(
    step: MigrationStep,
    ordinal: number,
    lease: MigrationLease,
    options: CallOptions,
  ): Promise<number> {
    const { migration, direction, from } = step;
    const statements = migration[direction];
    for (let done = from; done < statements.length; done++) {
      await lease.confirm(migration.version, options);
      await this.#run(this.#sql, statements[done]!, options).catch((cause: unknown) => {
        const file = migrationFileName(migration.version, migration.name, direction);
        throw failure(migration.version, `${file}, statement ${done + 1}`, statements[done]!, cause);
      });
      await this.#history.record(ordinal++, step, done + 1, options);
    }
    return ordinal;
  }

  async #hasNoTables(options: CallOptions): Promise<boolean> {
    const tables = await this.#server.rows(
      'schema.preview',
      'SELECT 1 FROM system.tables WHERE database = {database:String} LIMIT 1',
      { database: this.#sql.database },
      options,
    );
    return tables.length === 0;
  }

  async #run(sql: Sql, statement: string, options: CallOptions): Promise<void> {
    await sql.command('schema.migrate', statement, {}, options);
  }

  /** Returns the schema that these migrations create, from a scratch database. */
  async #expected(migrations: readonly Migration[], options: CallOptions) {
    const database = await createScratchDatabase(this.#server, SCRATCH, options);
    try {
      const scratch = this.#sql.on(database);
      for (const statement of migrations.flatMap(({ up }) => up))
        await this.#run(scratch, statement, options);
      return await snapshot(this.#server, database, options);
    } finally {
      await removeDatabase(this.#server, SCRATCH.operation, database);
    }
  }
}

function historyDrift(history: HistoryState, migrations: readonly Migration[]): SchemaDrift[] {
  const drift = (version: number, problem: string): SchemaDrift => ({
    object: `migration ${version}`,
    problem,
  });
  const applied = new Set(history.applied.map(({ version }) => version));
  const unfinished = new Set(history.unfinished.map(({ version }) => version));
  return [
    ...history.unfinished.map((entry) =>
      drift(
        entry.version,
        `stopped on its way ${entry.direction} after statement ${entry.done} of ${entry.statements}`,
      ),
    ),
    ...migrations
      .filter(({ version }) => !applied.has(version) && !unfinished.has(version))
      .map(({ version, name }) => drift(version, `${name} is not applied`)),
    ...history.applied
      .filter(({ version }) => version > migrations.length)
      .map(({ version, name }) => drift(version, `${name} is applied, but its files are missing`)),
    ...history
      .edited(migrations)
      .map(({ version, name }) => drift(version, `the files of ${name} were changed after it was applied`)),
  ];
}

/** Returns the error of a failed statement: `MigrationError` when the engine refused it, else the cause itself. */
function failure(version: number, where: string, statement: string, cause: unknown): unknown {
  if (!isDatabaseError(cause) || cause.code !== 'QUERY') return cause;
  const reason = checkReason(statement, cause) ?? cause.message;
  return new MigrationError(version, `${where}: ${reason}`, { operation: 'schema.migrate', cause });
}
