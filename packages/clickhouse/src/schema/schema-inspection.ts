import type {
  CallOptions,
  SchemaDrift,
  SchemaReport,
  SchemaStatus,
  UnfinishedMigration,
} from '@quantumtrade/dal-domain';
import type { Sql } from '../connection/sql.js';
import type { Backfills } from './backfills.js';
import { compare, snapshot, withTtls } from './drift.js';
import type { History, HistoryState, Progress } from './history.js';
import type { Migration } from './migration-files.js';
import { backfilledFrom } from './migration-files.js';
import { createScratchDatabase, removeDatabase } from './scratch-databases.js';
import type { TableForm } from './table-form.js';

/** Databases in which a schema is created to compare it. */
const SCRATCH = { operation: 'schema.validate', prefix: 'qtdal_scratch', abandonedAfterS: 3_600 };

/** Compares the schema of a database with its history and with migrations. Changes nothing. */
export class SchemaInspection {
  readonly #sql: Sql;
  readonly #server: Sql;
  readonly #history: History;
  readonly #backfills: Backfills;
  readonly #ttls: ReadonlyMap<string, string>;
  readonly #form: TableForm;

  /**
   * @param ttls configured TTLs by table, which are no drift
   * @param form form of the tables in the database
   */
  constructor(
    sql: Sql,
    history: History,
    backfills: Backfills,
    ttls: ReadonlyMap<string, string>,
    form: TableForm,
  ) {
    this.#sql = sql;
    this.#server = sql.on('system');
    this.#history = history;
    this.#backfills = backfills;
    this.#ttls = ttls;
    this.#form = form;
  }

  async status(migrations: readonly Migration[], options: CallOptions): Promise<SchemaStatus> {
    const history = await this.#history.read(options);
    const known = new Set([...history.applied, ...history.unfinished].map(({ version }) => version));
    const unfinished = history.unfinished.map((entry) =>
      this.#unfinished(entry, migrations[entry.version - 1], options),
    );
    return {
      version: history.version,
      newest: migrations.length,
      applied: history.applied.map(({ version, name, appliedAt }) => ({ version, name, appliedAt })),
      unfinished: await Promise.all(unfinished),
      pending: migrations
        .filter(({ version }) => !known.has(version))
        .map(({ version, name }) => ({ version, name })),
    };
  }

  async validate(migrations: readonly Migration[], options: CallOptions): Promise<SchemaReport> {
    const history = await this.#history.read(options);
    const applied = new Set(history.applied.map(({ version }) => version));
    const drift = [
      ...historyDrift(history, migrations),
      ...(await this.driftFrom(
        migrations.filter(({ version }) => applied.has(version)),
        options,
      )),
    ];
    return { valid: drift.length === 0, version: history.version, drift };
  }

  /** Returns the differences between the schema that migrations create and the actual one. */
  async driftFrom(migrations: readonly Migration[], options: CallOptions): Promise<SchemaDrift[]> {
    const expected = this.#form.expected(await this.#expected(migrations, options));
    const actual = this.#form.stored(await snapshot(this.#server, this.#sql.database, options));
    return compare(withTtls(expected, actual, this.#ttls), actual);
  }

  async hasNoTables(options: CallOptions): Promise<boolean> {
    const tables = await this.#server.rows(
      'schema.preview',
      'SELECT 1 FROM system.tables WHERE database = {database:String} LIMIT 1',
      { database: this.#sql.database },
      options,
    );
    return tables.length === 0;
  }

  /** Returns how far a migration has come. One whose files are missing has no next statement. */
  async #unfinished(
    { version, name, direction, done, statements }: Progress,
    migration: Migration | undefined,
    options: CallOptions,
  ): Promise<UnfinishedMigration> {
    const statement = migration?.[direction][done];
    const table = statement === undefined ? undefined : backfilledFrom(statement);
    const backfill =
      migration && table !== undefined
        ? {
            table,
            ...(await this.#backfills.progress(
              { step: { migration, direction }, position: done, table },
              options,
            )),
          }
        : undefined;
    return { version, name, direction, done, statements, ...(backfill && { backfill }) };
  }

  /** Returns the schema that these migrations create, from a scratch database. */
  async #expected(migrations: readonly Migration[], options: CallOptions) {
    const database = await createScratchDatabase(this.#server, SCRATCH, options);
    try {
      const scratch = this.#sql.on(database);
      for (const statement of migrations.flatMap(({ up }) => up)) {
        // The scratch database has no rows.
        if (backfilledFrom(statement) === undefined)
          await scratch.command(SCRATCH.operation, statement, {}, options);
      }
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
