import type {
  CallOptions,
  SchemaController,
  SchemaLoss,
  SchemaPlan,
  SchemaPreview,
  SchemaReport,
  SchemaStatus,
} from '@quantumtrade/dal-domain';
import { isDatabaseError, MigrationError, requireSchemaVersion } from '@quantumtrade/dal-domain';
import { packagedMigrations } from '@quantumtrade/dal-migrations';
import type { Sql } from '../connection/sql.js';
import { Backfills } from './backfills.js';
import type { MigrationStep } from './history.js';
import { History } from './history.js';
import type { LockOptions, MigrationLease } from './lock.js';
import { MigrationLock } from './lock.js';
import { findDeletions, findLosses, tablesDroppedBy } from './losses.js';
import type { Migration } from './migration-files.js';
import { backfilledFrom, migrationFileName, loadMigrations } from './migration-files.js';
import { findRefusal, checkReason } from './refusals.js';
import { SchemaInspection } from './schema-inspection.js';
import { planSteps } from './schema-plan.js';

export interface SchemaControllerOptions {
  /** Folder of `NNNN_name.up.sql` and `NNNN_name.down.sql`. @default that of `@quantumtrade/dal-migrations` */
  migrationsDirectory?: string;
  /** TTLs by table that are configured, and hence no drift. @default none */
  ttls?: ReadonlyMap<string, string>;
  lock?: LockOptions;
}

/**
 * Applies migrations from files in the database of `sql`, which need not exist yet. The history of statements is kept in the
 * table `schema_migrations` of that database, the lock in `schema_migrations_lock_N`.
 */
export class ClickHouseSchemaController implements SchemaController {
  readonly #sql: Sql;
  readonly #server: Sql;
  readonly #directory: string;
  readonly #history: History;
  readonly #backfills: Backfills;
  readonly #inspection: SchemaInspection;
  readonly #lock: MigrationLock;

  constructor(sql: Sql, options: SchemaControllerOptions = {}) {
    const { migrationsDirectory = packagedMigrations, ttls = new Map(), lock } = options;
    this.#sql = sql;
    this.#server = sql.on('system');
    this.#directory = migrationsDirectory;
    this.#history = new History(this.#server, sql.database);
    this.#backfills = new Backfills(sql, this.#server);
    this.#inspection = new SchemaInspection(sql, this.#history, this.#backfills, ttls);
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
    const { history, to, steps } = await this.#intended(version, 'schema.preview', options);
    const down = steps
      .filter(({ direction }) => direction === 'down')
      .flatMap(({ migration, from }) => migration.down.slice(from));
    const up = steps.filter(({ direction }) => direction === 'up');
    // On the way to version 0 all tables are emptied first.
    const refusal = version === 0 ? undefined : await findRefusal(this.#sql, down, options);
    return {
      from: history.version,
      to,
      isNew: history.nextOrdinal === 0 && (await this.#inspection.hasNoTables(options)),
      losses: [
        ...(await findLosses(this.#server, this.#sql.database, down, options)),
        ...(await this.#deletionsOf(up, options)),
      ],
      ...(refusal !== undefined && { refusal }),
    };
  }

  async plan(version?: number, options: CallOptions = {}): Promise<SchemaPlan> {
    const { history, to, steps } = await this.#intended(version, 'schema.plan', options);
    return {
      from: history.version,
      to,
      steps: await planSteps(this.#server, this.#sql.database, steps, options),
    };
  }

  async status(options: CallOptions = {}): Promise<SchemaStatus> {
    this.#sql.checkOpen('schema.status', options);
    return this.#inspection.status(await loadMigrations(this.#directory), options);
  }

  async baseline(version: number, options: CallOptions = {}): Promise<void> {
    const operation = 'schema.baseline';
    this.#sql.checkOpen(operation, options);
    const migrations = await loadMigrations(this.#directory);
    requireSchemaVersion(version, migrations.length, operation);
    const refuse = (reason: string): never => {
      throw new MigrationError(version, reason, { operation });
    };
    if (await this.#inspection.hasNoTables(options)) refuse('the database has no tables');
    await this.#lock.run(options, async (lease) => {
      const history = await this.#history.read(options);
      if (history.nextOrdinal > 0) refuse(`the schema has a history, up to version ${history.version}`);
      const taken = migrations.slice(0, version);
      const [drift] = await this.#inspection.driftFrom(taken, options);
      if (drift) refuse(`${drift.object}: ${drift.problem}`);
      await this.#history.create(options);
      for (const [ordinal, migration] of taken.entries()) {
        await lease.confirm(migration.version, options);
        const step: MigrationStep = { migration, direction: 'up', from: 0 };
        await this.#history.record(ordinal, step, migration.up.length, options);
      }
    });
  }

  async version(options: CallOptions = {}): Promise<number> {
    this.#sql.checkOpen('schema.version', options);
    return (await this.#history.read(options)).version;
  }

  async validate(options: CallOptions = {}): Promise<SchemaReport> {
    this.#sql.checkOpen('schema.validate', options);
    return this.#inspection.validate(await loadMigrations(this.#directory), options);
  }

  /** Returns the steps to a version, by default the newest. */
  async #intended(version: number | undefined, operation: string, options: CallOptions) {
    this.#sql.checkOpen(operation, options);
    const migrations = await loadMigrations(this.#directory);
    if (version !== undefined) requireSchemaVersion(version, migrations.length, operation);
    const history = await this.#history.read(options);
    return {
      history,
      to: version ?? Math.max(history.version, migrations.length),
      steps: history.stepsTo(version ?? Infinity, migrations),
    };
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
      const statement = statements[done]!;
      const table = backfilledFrom(statement);
      // A backfill may take long: the status shows it while it runs.
      if (table !== undefined) await this.#history.record(ordinal++, step, done, options);
      const running =
        table === undefined
          ? this.#run(this.#sql, statement, options)
          : this.#backfills.run({ step, position: done, table }, statement, lease, options);
      await running.catch((cause: unknown) => {
        const file = migrationFileName(migration.version, migration.name, direction);
        throw failure(migration.version, `${file}, statement ${done + 1}`, statement, cause);
      });
      await this.#history.record(ordinal++, step, done + 1, options);
    }
    return ordinal;
  }

  async #deletionsOf(steps: readonly MigrationStep[], options: CallOptions): Promise<SchemaLoss[]> {
    const losses = await Promise.all(
      steps.map(({ migration: { up }, from }) =>
        findDeletions(this.#server, this.#sql.database, up.slice(from), up, options),
      ),
    );
    return losses.flat();
  }

  async #run(sql: Sql, statement: string, options: CallOptions): Promise<void> {
    await sql.command('schema.migrate', statement, {}, options);
  }
}

/** Returns the error of a failed statement: `MigrationError` when the engine refused it, else the cause itself. */
function failure(version: number, where: string, statement: string, cause: unknown): unknown {
  if (!isDatabaseError(cause) || cause.code !== 'QUERY') return cause;
  const reason = checkReason(statement, cause) ?? cause.message;
  return new MigrationError(version, `${where}: ${reason}`, { operation: 'schema.migrate', cause });
}
