import type { CallOptions } from '@quantumtrade/dal-domain';
import { checkCall } from '@quantumtrade/dal-domain';
import type { ClickHouseClient } from './clickhouse-client.js';
import type { Statement } from './driver.js';
import type { Sql, SqlBlock, SqlParams, StoredBlock } from './sql.js';
import type { ReadLimits } from './statements.js';
import { insertBlock, insertQuery, LOOKUP_LIMITS, readRows, runCommand } from './statements.js';

/** Statements in one database, over a client's connections. */
export class DatabaseSql implements Sql {
  readonly database: string;
  readonly #client: ClickHouseClient;
  readonly #further: boolean;
  #continuing: Sql | undefined;

  constructor(client: ClickHouseClient, database: string, further = false) {
    this.database = database;
    this.#client = client;
    this.#further = further;
  }

  get continuing(): Sql {
    return this.#further ? this : (this.#continuing ??= new DatabaseSql(this.#client, this.database, true));
  }

  checkOpen(operation: string, options: CallOptions | undefined, known?: readonly string[]): void {
    checkCall(options, operation, known);
    this.#client.requireOpen(operation);
  }

  rows<T>(operation: string, query: string, params?: SqlParams, options?: CallOptions): Promise<T[]> {
    return this.#read(operation, { query, params }, options, LOOKUP_LIMITS, (json: T) => json);
  }

  result<J, T>(
    operation: string,
    query: string,
    params: SqlParams,
    options: CallOptions | undefined,
    convert: (json: J) => T,
  ): Promise<T[]> {
    return this.#read(operation, { query, params }, options, this.#client.resultLimits, convert);
  }

  #read<J, T>(
    operation: string,
    statement: Statement,
    options: CallOptions | undefined,
    limits: ReadLimits,
    convert: (json: J) => T,
  ): Promise<T[]> {
    const { query } = statement;
    return this.#client.call({ ...this.#call(operation, query, options), retried: true }, (driver, request) =>
      readRows(driver, statement, request, limits, convert),
    );
  }

  async command(operation: string, query: string, params?: SqlParams, options?: CallOptions): Promise<void> {
    await this.#client.call({ ...this.#call(operation, query, options), retried: false }, (driver, request) =>
      runCommand(driver, { query, params }, request),
    );
  }

  async insert(operation: string, block: SqlBlock, options?: CallOptions): Promise<StoredBlock> {
    let attempts = 0;
    const call = this.#call(operation, insertQuery(block.table), options);
    const { confirmed } = await this.#client.call({ ...call, retried: block.retried }, (driver, request) => {
      attempts++;
      return insertBlock(driver, block, operation, request);
    });
    return { attempts, confirmed };
  }

  on(database: string): Sql {
    return this.#client.sql(database);
  }

  #call(operation: string, query: string, options: CallOptions | undefined) {
    return { operation, query, options, database: this.database, further: this.#further };
  }
}
