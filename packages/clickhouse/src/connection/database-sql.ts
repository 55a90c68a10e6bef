import { randomUUID } from 'node:crypto';
import type { CallOptions } from '@quantumtrade/dal-domain';
import {
  checkCall,
  checkTime,
  ConnectionError,
  isDatabaseError,
  TimeoutError,
} from '@quantumtrade/dal-domain';
import { Backoff, Deadline, sleep, systemClock } from '@quantumtrade/dal-runtime';
import { currentOperation, operationChannel } from '@quantumtrade/dal-telemetry';
import type { Admission, AdmittedQuery } from './admission.js';
import { NotAdmittedError } from './admission.js';
import type { Answer } from './answer.js';
import { BodyTooLargeError, isSuccess, readFailure, readReport, summaryCounts } from './answer.js';
import type { Control } from './control.js';
import type { HttpDriver } from './driver/http-driver.js';
import { toDomainError } from './errors.js';
import type { ReadLimits } from './json-rows.js';
import { LOOKUP_LIMITS, readJsonRows, TooManyRowsError, withRowLimit } from './json-rows.js';
import type { PinnedSettings, SessionSettings } from './pinned-settings.js';
import { ServerError } from './server-errors.js';
import type { CompleteSettings } from '../settings.js';
import type { Sql, SqlBlock, SqlParams, StoredBlock } from './sql.js';

/** With it, the head of an answer comes when all is done, and says whether it succeeded. */
const WAIT_END_OF_QUERY = { wait_end_of_query: 1 };

/** Connections to one server that statements share, each with a connection of its own while it runs. */
export interface ConnectionPool {
  /** Sends the statements, with the pinned settings. */
  readonly driver: HttpDriver;
  readonly admission: Admission;
  readonly pinned: PinnedSettings;
  readonly control: Control;
  /** Whether further statements are refused. */
  isClosed: boolean;
}

/** One kind of statement. */
interface Statement<T> {
  /** Text that errors show, with placeholders. */
  readonly query: string;
  /** Text sent behind the query. @default none */
  readonly format?: string;
  readonly params?: SqlParams | undefined;
  /** Bytes sent behind the text. @default none */
  readonly data?: Uint8Array;
  readonly settings: SessionSettings;
  readonly acceptsGzip?: boolean;
  /** Limits on the rows and bytes of the answer. @default none */
  readonly limits?: ReadLimits;
  /** Reads the answer to the latest attempt, which is a success by its head. */
  readonly read: (answer: Answer, call: Call<T>) => Promise<T>;
}

/** One run of a statement with all that its attempts have in common. */
interface Call<T> extends AdmittedQuery {
  readonly statement: Statement<T>;
  readonly deadline: Deadline;
  continues: boolean;
  /** Id of the latest attempt on the server. */
  queryId: string | undefined;
  /** Number of times the statement was sent. */
  attempts: number;
}

/** Statements in one database. */
export class DatabaseSql implements Sql {
  readonly database: string;
  readonly #pool: ConnectionPool;
  readonly #settings: CompleteSettings;
  readonly #continues: boolean;
  readonly #resultLimits: ReadLimits;
  #continuing: Sql | undefined;

  constructor(pool: ConnectionPool, database: string, settings: CompleteSettings, continues = false) {
    this.database = database;
    this.#pool = pool;
    this.#settings = settings;
    this.#continues = continues;
    this.#resultLimits = { maxRows: settings.maxResultRows, maxBytes: settings.maxResultBytes };
  }

  get continuing(): Sql {
    if (this.#continues) return this;
    return (this.#continuing ??= new DatabaseSql(this.#pool, this.database, this.#settings, true));
  }

  checkOpen(operation: string, options: CallOptions | undefined, known?: readonly string[]): void {
    if (options !== undefined) checkCall(options, operation, known);
    this.#requireOpen(operation);
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
    const { compression } = this.#settings;
    return this.#run(operation, options, true, {
      query,
      format: ' FORMAT JSONEachRow',
      params,
      settings: { max_result_rows: limits.maxRows, enable_http_compression: Number(compression) },
      acceptsGzip: compression,
      limits,
      read(answer, { deadline }) {
        return readJsonRows(answer, deadline.signal, limits, convert);
      },
    });
  }

  async command(operation: string, query: string, params?: SqlParams, options?: CallOptions): Promise<void> {
    await this.#run(operation, options, false, {
      query,
      params,
      settings: WAIT_END_OF_QUERY,
      read: (answer, { deadline }) => readReport(answer, deadline.signal),
    });
  }

  insert(operation: string, block: SqlBlock, options?: CallOptions): Promise<StoredBlock> {
    const { table, token, bytes, rowCount, retried } = block;
    return this.#run(operation, options, retried, {
      // Without a list of columns, the engine goes by the names in the block.
      query: `INSERT INTO ${table} FORMAT Native`,
      data: bytes,
      settings: { insert_deduplication_token: token, ...WAIT_END_OF_QUERY },
      async read(answer, { deadline, attempts }) {
        const { queryId } = answer;
        if ((await readReport(answer, deadline.signal)) !== '') {
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
    return new DatabaseSql(this.#pool, database, this.#settings);
  }

  #requireOpen(operation: string): void {
    if (!this.#pool.isClosed) return;
    throw new ConnectionError('the client is closed', { operation, retryable: false });
  }

  /** Makes attempts until one succeeds, within the call's deadline; only one unless `retried`. */
  async #run<T>(
    operation: string,
    options: CallOptions | undefined,
    retried: boolean,
    statement: Statement<T>,
  ): Promise<T> {
    if (options) checkTime(options, operation);
    const { requestTimeoutMs, retry } = this.#settings;
    const deadline = new Deadline(
      { signal: options?.signal, deadline: options?.deadline, timeoutMs: requestTimeoutMs },
      (elapsedMs) =>
        new TimeoutError(elapsedMs, { operation, ...(call.queryId && { queryId: call.queryId }) }),
    );
    const continues = this.#continues;
    const call: Call<T> = { operation, statement, deadline, continues, attempts: 0, queryId: undefined };
    let backoff: Backoff | undefined;
    try {
      for (let attempt = 1; ; attempt++) {
        try {
          return await this.#attempt(call);
        } catch (error) {
          if (!retried || attempt >= retry.maxAttempts || !isWorthRetrying(error)) throw error;
        }
        backoff ??= new Backoff(retry);
        await sleep(backoff.next(), systemClock, deadline.signal);
        call.continues = true;
      }
    } finally {
      deadline.end();
    }
  }

  /** Rejects with the domain's errors, or with the reason of the call's deadline. */
  async #attempt<T>(call: Call<T>): Promise<T> {
    const { deadline, operation, statement } = call;
    const { admission, control } = this.#pool;
    const { query, limits } = statement;
    deadline.throwIfAborted();
    // Nothing of the query is sent before it has a connection.
    try {
      const turn = admission.acquire(call);
      if (turn) await turn;
    } catch (error) {
      if (!(error instanceof NotAdmittedError)) throw error;
      throw toDomainError(error, { operation, query, elapsedMs: deadline.elapsedMs });
    }
    const sentAt = Date.now();
    const queryId = randomUUID();
    let succeeded = false;
    try {
      this.#requireOpen(operation);
      call.queryId = queryId;
      const running = operationChannel.hasSubscribers ? currentOperation() : undefined;
      if (running) Object.assign(running, { backend: 'clickhouse', queryId });
      const result = await statement.read(await this.#send(call, queryId, sentAt), call);
      succeeded = true;
      return result;
    } catch (error) {
      if (mayStillRun(error, deadline)) control.kill(queryId, Date.now() - sentAt);
      deadline.throwIfAborted();
      const failure = limits ? withRowLimit(error, limits.maxRows) : error;
      throw toDomainError(failure, { operation, query, queryId, elapsedMs: deadline.elapsedMs });
    } finally {
      admission.release(call, Date.now() - sentAt, succeeded);
    }
  }

  /** Sends the statement, once more when the server lacks a pinned setting. Rejects unless the answer's head is a success. */
  async #send<T>(call: Call<T>, queryId: string, sentAt: number): Promise<Answer> {
    const { statement, deadline } = call;
    const { driver, pinned, control } = this.#pool;
    const { signal } = deadline;
    const { query, format, params, data, settings, acceptsGzip } = statement;
    const request = {
      query: format === undefined ? query : query + format,
      params,
      data,
      queryId,
      database: this.database,
      settings: {
        ...settings,
        max_execution_time: Math.max(1, Math.ceil((deadline.at - sentAt) / 1_000)),
      },
      acceptsGzip,
      signal,
    };
    const { queryString } = pinned;
    call.attempts++;
    let answer = await driver.send(request);
    if (isSuccess(answer)) return answer;
    const error = await readFailure(answer, signal);
    if (!(error instanceof ServerError) || error.traits.failure !== 'UNKNOWN_SETTING') throw error;
    // A server refuses such a request before it runs anything, so that it can be sent again without the setting.
    pinned.restrictTo(await control.settingNames(signal));
    // Another call may have learnt them meanwhile.
    if (queryString === pinned.queryString) throw error;
    call.attempts++;
    answer = await driver.send(request);
    if (isSuccess(answer)) return answer;
    throw await readFailure(answer, signal);
  }
}

/** A call that cannot make its deadline now cannot make it later. */
const isWorthRetrying = (error: unknown): boolean =>
  isDatabaseError(error) && error.retryable && error.code !== 'TIMEOUT';

/** Whether the server was left in the middle of its answer. */
const mayStillRun = (error: unknown, deadline: Deadline): boolean =>
  deadline.aborted || error instanceof BodyTooLargeError || error instanceof TooManyRowsError;
