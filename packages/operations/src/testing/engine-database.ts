import { randomBytes } from 'node:crypto';
import { connectClickHouse } from '@quantumtrade/dal-clickhouse';
import type { TimeSeriesBackend } from '@quantumtrade/dal-domain';
import { loginOf, queryClickHouse } from '@quantumtrade/dal-testing/clickhouse';
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
    const found: Record<string, string> = {};
    for (const table of ENGINE_TABLES) {
      found[table] = await this.run(
        `SELECT formatRow('JSONEachRow', *) AS row FROM ${table} ${final ? 'FINAL' : ''} ORDER BY row FORMAT TSVRaw`,
        database,
      );
    }
    return found;
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
    for (const name of databases.trim().split('\n'))
      await this.run(`DROP DATABASE IF EXISTS ${name} SYNC`, 'system');
  }
}
