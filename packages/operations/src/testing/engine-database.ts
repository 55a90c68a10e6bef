import { randomBytes } from 'node:crypto';
import { connectClickHouse } from '@quantumtrade/dal-clickhouse';
import type { TimeSeriesBackend } from '@quantumtrade/dal-domain';
import { copySchema, loginOf, queryClickHouse } from '@quantumtrade/dal-testing/clickhouse';
import { restoreBackup } from '../backup/restore-backup.js';
import { ScriptedStore } from './scripted-store.js';

export const ENGINE_TABLES = [
  ...['market_data', 'sentiment_data', 'features', 'predictions', 'prediction_outcomes'],
  ...['strategy_performance', 'ingestion_checkpoints'],
];

/** A data layer in a database of its own on the tests' server, with a store for its backups. */
export class EngineDatabase {
  readonly name = `operations_${randomBytes(6).toString('hex')}`;
  readonly store = new ScriptedStore();
  readonly #login = loginOf(process.env['CLICKHOUSE_URL']!);
  readonly backend: TimeSeriesBackend = connectClickHouse({ ...this.#login, database: this.name });
  #restores = 0;

  /** Creates the tables, as copies of those of a database that is migrated once for all files. */
  async create(): Promise<void> {
    const template = process.env['CLICKHOUSE_TEMPLATE']!;
    const { schema, probe } = connectClickHouse({ ...this.#login, database: template });
    await schema.initialize();
    await probe.close();
    await copySchema(this.#login, template, this.name);
  }

  /** Runs a statement and returns tab-separated values. */
  run(sql: string, database = this.name): Promise<string> {
    return queryClickHouse(this.#login, sql, database);
  }

  /** Inserts random rows of all columns' types into a table, within three months of 2024. */
  async insertRandom(table: string, rows: number, seed: number): Promise<void> {
    const columns = await this.run(
      `SELECT concat(name, ' ', type) FROM system.columns WHERE database = '${this.name}' AND table = '${table}'
       ORDER BY position FORMAT TSVRaw`,
    );
    const structure = columns.trim().split('\n').join(', ').replaceAll("'", "\\'");
    const isDated = / ?timestamp /.test(columns);
    const dated =
      "REPLACE (toDateTime64('2024-01-15', 3, 'UTC') + (rowNumberInAllBlocks() % 3) * 2678400 AS timestamp)";
    await this.run(
      `INSERT INTO ${table} SELECT * ${isDated ? dated : ''} FROM generateRandom('${structure}', ${seed}, 12, 4) LIMIT ${rows}`,
    );
  }

  /** Returns the rows of each table as JSON in one order. @param final whether older versions are left out */
  async rows(database = this.name, final = false): Promise<Record<string, string>> {
    const rowsOf = async (table: string) => {
      const rows = `SELECT formatRow('JSONEachRow', *) AS row FROM ${table} ${final ? 'FINAL' : ''} ORDER BY row FORMAT TSVRaw`;
      return [table, await this.run(rows, database)] as const;
    };
    return Object.fromEntries(await Promise.all(ENGINE_TABLES.map(rowsOf)));
  }

  /** Restores a backup, passes the database's name to an action, and drops it. */
  async restored<T>(id: string | undefined, action: (database: string) => Promise<T>): Promise<T> {
    const into = `${this.name}_${++this.#restores}`;
    const { target } = await restoreBackup(this.backend.backups, this.store, { into, id });
    try {
      return await action(into);
    } finally {
      await target.drop();
    }
  }

  async close(): Promise<void> {
    await this.backend.probe.close();
    const databases = await this.run(
      `SELECT name FROM system.databases WHERE startsWith(name, '${this.name}')`,
      'system',
    );
    const names = databases.trim().split('\n');
    await Promise.all(names.map((name) => this.run(`DROP DATABASE IF EXISTS ${name} SYNC`, 'system')));
  }
}
