import type {
  CallOptions,
  SchemaController,
  SchemaPlan,
  SchemaPreview,
  SchemaReport,
  SchemaStatus,
} from '@quantumtrade/dal-domain';
import { requireSchemaVersion } from '@quantumtrade/dal-domain';
import { packagedMigrations } from '@quantumtrade/dal-migrations';
import type { Sql } from '../connection/sql.js';
import { recordBaseline, requireTables, requireUnrecorded } from './baseline.js';
import type { LockOptions } from './lock.js';
import type { Migration } from './migration-files.js';
import { loadMigrations } from './migration-files.js';
import { migrateCopies } from './migration-run.js';
import { planMove, previewMove } from './schema-preview.js';
import { ServerSchema } from './server-schema.js';

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
  readonly #directory: string;
  readonly #schema: ServerSchema;

  constructor(sql: Sql, options: SchemaControllerOptions = {}) {
    const { migrationsDirectory = packagedMigrations, ttls, lock } = options;
    this.#sql = sql;
    this.#directory = migrationsDirectory;
    this.#schema = new ServerSchema(sql, { ttls, lock });
  }

  /** Leaves a schema alone that a newer release has migrated further. */
  async initialize(options: CallOptions = {}): Promise<void> {
    await this.#move(Infinity, await this.#load('schema.initialize', options), options);
  }

  async migrate(version: number, options: CallOptions = {}): Promise<void> {
    await this.#move(version, await this.#loadFor(version, 'schema.migrate', options), options);
  }

  async preview(version?: number, options: CallOptions = {}): Promise<SchemaPreview> {
    const migrations = await this.#loadFor(version ?? 0, 'schema.preview', options);
    return previewMove(this.#schema, version, migrations, options);
  }

  async plan(version?: number, options: CallOptions = {}): Promise<SchemaPlan> {
    const migrations = await this.#loadFor(version ?? 0, 'schema.plan', options);
    return planMove(this.#schema, version, migrations, options);
  }

  async status(options: CallOptions = {}): Promise<SchemaStatus> {
    return this.#schema.inspection.status(await this.#load('schema.status', options), options);
  }

  async baseline(version: number, options: CallOptions = {}): Promise<void> {
    const migrations = await this.#loadFor(version, 'schema.baseline', options);
    const taken = migrations.slice(0, version);
    const schema = this.#schema;
    await requireTables(schema, version, options);
    await schema.lock.run(options, async (lease) => {
      await requireUnrecorded(schema, taken, options);
      await recordBaseline({ schema, lease }, taken, options);
    });
  }

  async version(options: CallOptions = {}): Promise<number> {
    this.#sql.checkOpen('schema.version', options);
    return (await this.#schema.history.read(options)).version;
  }

  async validate(options: CallOptions = {}): Promise<SchemaReport> {
    return this.#schema.inspection.validate(await this.#load('schema.validate', options), options);
  }

  async #load(operation: string, options: CallOptions): Promise<Migration[]> {
    this.#sql.checkOpen(operation, options);
    return loadMigrations(this.#directory);
  }

  /** Returns all migrations. Throws `MigrationError` for an unknown version. */
  async #loadFor(version: unknown, operation: string, options: CallOptions): Promise<Migration[]> {
    const migrations = await this.#load(operation, options);
    requireSchemaVersion(version, migrations.length, operation);
    return migrations;
  }

  async #move(target: number, migrations: readonly Migration[], options: CallOptions): Promise<void> {
    const schema = this.#schema;
    const before = await schema.history.read(options);
    if (before.stepsTo(target, migrations).length === 0) return;
    await schema.createDatabase(options);
    await schema.lock.run(options, (lease) =>
      migrateCopies([{ schema, lease }], target, migrations, options),
    );
  }
}
