import type { CallOptions } from '@quantumtrade/dal-domain';
import type { Sql } from '../connection/sql.js';
import { Backfills } from './backfills.js';
import { History } from './history.js';
import type { LockOptions } from './lock.js';
import { MigrationLock } from './lock.js';
import { SchemaInspection } from './schema-inspection.js';
import type { TableForm } from './table-form.js';
import { PLAIN } from './table-form.js';

export interface ServerSchemaOptions {
  /** TTLs by table that are configured, and hence no drift. @default none */
  readonly ttls?: ReadonlyMap<string, string> | undefined;
  readonly lock?: LockOptions | undefined;
  /** Server among several, which errors name. @default none: there is one */
  readonly name?: string | undefined;
  /** @default as the migrations are written */
  readonly form?: TableForm | undefined;
}

/** Schema on one server: that of the database of `sql`, which need not exist yet. */
export class ServerSchema {
  readonly sql: Sql;
  /** Statements that may be run while the database does not exist. */
  readonly server: Sql;
  readonly name: string | undefined;
  readonly form: TableForm;
  readonly history: History;
  readonly backfills: Backfills;
  readonly inspection: SchemaInspection;
  readonly lock: MigrationLock;

  constructor(sql: Sql, { ttls = new Map(), lock, name, form = PLAIN }: ServerSchemaOptions = {}) {
    this.sql = sql;
    this.server = sql.on('system');
    this.name = name;
    this.form = form;
    this.history = new History(this.server, sql.database);
    this.backfills = new Backfills(sql, this.server);
    this.inspection = new SchemaInspection(sql, this.history, this.backfills, ttls, form);
    this.lock = new MigrationLock(this.server, sql.database, lock);
  }

  async createDatabase(options: CallOptions): Promise<void> {
    await this.server.command(
      'schema.migrate',
      'CREATE DATABASE IF NOT EXISTS {database:Identifier}',
      { database: this.sql.database },
      options,
    );
  }
}
