import type { CallOptions } from '@quantumtrade/dal-domain';
import { checkCall, checkTime, ConnectionError, TimeoutError } from '@quantumtrade/dal-domain';
import { Deadline } from '@quantumtrade/dal-runtime';
import { readReport, summaryCounts } from './answer.js';
import type { Call, QueryRunner } from './call.js';
import type { ReadLimits } from './json-rows.js';
import { LOOKUP_LIMITS, readJsonRows } from './json-rows.js';
import { Retries } from './retry.js';
import type { CompleteSettings } from '../settings.js';
import type { Sql, SqlBlock, SqlParams, StoredBlock } from './sql.js';

/** With it, the head of an answer comes when all is done, and says whether it succeeded. */
const WAIT_END_OF_QUERY = { wait_end_of_query: 1 };

type Statement<T> = Pick<Call<T>, 'query' | 'format' | 'params' | 'data' | 'settings' | 'read'>;

/** Statements in one database, over connections that others share. */
export class DatabaseSql implements Sql {
  readonly database: string;
  readonly #runner: QueryRunner;
  readonly #settings: CompleteSettings;
  readonly #continues: boolean;
  readonly #resultLimits: ReadLimits;
  #continuing: Sql | undefined;

  constructor(runner: QueryRunner, database: string, settings: CompleteSettings, continues = false) {
    this.database = database;
    this.#runner = runner;
    this.#settings = settings;
    this.#continues = continues;
    this.#resultLimits = { maxRows: settings.maxResultRows, maxBytes: settings.maxResultBytes };
  }

  get continuing(): Sql {
    if (this.#continues) return this;
    return (this.#continuing ??= new DatabaseSql(this.#runner, this.database, this.#settings, true));
  }

  checkOpen(operation: string, options: CallOptions | undefined, known?: readonly string[]): void {
    checkCall(options, operation, known);
    this.#runner.requireOpen(operation);
  }

  rows<T>(operation: string, query: string, params?: SqlParams, options?: CallOptions): Promise<T[]> {
    return this.#read(operation, query, params, options, LOOKUP_LIMITS, undefined);
  }

  result<J, T>(
    operation: string,
    query: string,
    params: SqlParams,
    options: CallOptions | undefined,
    convert: (json: J) => T,
  ): Promise<T[]> {
    const toRow = convert as (json: unknown) => T;
    return this.#read(operation, query, params, options, this.#resultLimits, toRow);
  }

  #read<T>(
    operation: string,
    query: string,
    params: SqlParams | undefined,
    options: CallOptions | undefined,
    limits: ReadLimits,
    convert: ((json: unknown) => T) | undefined,
  ): Promise<T[]> {
    return this.#call(operation, options, true, {
      query,
      format: ' FORMAT JSONEachRow',
      params,
      settings: { max_result_rows: limits.maxRows },
      read(answer, signal) {
        return readJsonRows(answer, signal, limits, convert);
      },
    });
  }

  async command(operation: string, query: string, params?: SqlParams, options?: CallOptions): Promise<void> {
    const statement = { query, params, settings: WAIT_END_OF_QUERY, read: readReport };
    await this.#call(operation, options, false, statement);
  }

  insert(operation: string, block: SqlBlock, options?: CallOptions): Promise<StoredBlock> {
    const { table, token, bytes, rowCount, retried } = block;
    return this.#call(operation, options, retried, {
      // Without a list of columns, the engine goes by the names in the block.
      query: `INSERT INTO ${table} FORMAT Native`,
      data: bytes,
      settings: { insert_deduplication_token: token, ...WAIT_END_OF_QUERY },
      async read(answer, signal, attempts) {
        const { queryId } = answer;
        if ((await readReport(answer, signal)) !== '') {
          throw new ConnectionError('the answer to an insert is not empty', { operation, queryId });
        }
        const summary = summaryCounts(answer);
        const read = Number(summary['read_rows']);
        const written = Number(summary['written_rows']);
        if (written === rowCount) return { attempts, confirmed: true };
        const isIncomplete = written < rowCount && !Number.isNaN(read) && (written > 0 || read !== rowCount);
        if (!isIncomplete) return { attempts, confirmed: false };
        throw new ConnectionError(`the server stored ${written} of ${rowCount} rows`, { operation, queryId });
      },
    });
  }

  on(database: string): Sql {
    return new DatabaseSql(this.#runner, database, this.#settings);
  }

  /** Makes attempts until one succeeds, within the call's deadline; only one unless `retried`. */
  async #call<T>(
    operation: string,
    options: CallOptions | undefined,
    retried: boolean,
    statement: Statement<T>,
  ): Promise<T> {
    if (options) checkTime(options, operation);
    const deadline = new Deadline(
      { signal: options?.signal, deadline: options?.deadline, timeoutMs: this.#settings.requestTimeoutMs },
      (elapsedMs) =>
        new TimeoutError(elapsedMs, { operation, ...(call.queryId && { queryId: call.queryId }) }),
    );
    const call: Call<T> = {
      ...statement,
      operation,
      deadline,
      database: this.database,
      continues: this.#continues,
      attempts: 0,
      queryId: undefined,
    };
    let retries: Retries | undefined;
    try {
      for (;;) {
        try {
          return await this.#runner.attempt(call);
        } catch (error) {
          if (!retried) throw error;
          retries ??= new Retries(this.#settings.retry);
          await retries.next(error, deadline.signal);
          call.continues = true;
        }
      }
    } finally {
      deadline.end();
    }
  }
}
