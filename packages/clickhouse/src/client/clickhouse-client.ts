import { randomUUID } from 'node:crypto';
import { Readable } from 'node:stream';
import { finished } from 'node:stream/promises';
import { setTimeout as delay } from 'node:timers/promises';
import type { ClickHouseClient as Driver } from '@clickhouse/client';
import type { BackendProbe, CallOptions } from '@quantumtrade/dal-domain';
import { checkCall, ConnectionError, isDatabaseError } from '@quantumtrade/dal-domain';
import { Backoff } from '@quantumtrade/dal-runtime';
import { currentOperation } from '@quantumtrade/dal-telemetry';
import type { RetryPolicy } from 'cockatiel';
import { DelegateBackoff, handleWhen, retry } from 'cockatiel';
import { CallLimits } from './call-limits.js';
import { Connections } from './connections.js';
import { toDomainError } from './driver-errors.js';
import type { Request } from './driver.js';
import { answeringAtTheEnd, createDriver, inDatabase, read, storedOnce } from './driver.js';
import type { ClickHouseSettings, CompleteSettings } from './settings.js';
import { completeSettings } from './settings.js';
import type { Sql, SqlBlock, SqlParams } from './sql.js';

const KILL_TIMEOUT_MS = 5_000;
/** A query that was just sent may not be known to the server yet. */
const KILL_AGAIN_AFTER_MS = 250;

/** There on every server, whatever else is. */
const SYSTEM = 'system';

interface Call {
  readonly operation: string;
  readonly query: string;
  readonly database: string;
  readonly options: CallOptions | undefined;
  readonly retried: boolean;
}

/** The connections to one server, whichever database a call is for. */
export class ClickHouseClient implements BackendProbe {
  readonly settings: CompleteSettings;
  readonly #connections: Connections;
  readonly #driver: Driver;
  readonly #retries: RetryPolicy;
  #closed = false;

  constructor(given: ClickHouseSettings) {
    this.settings = completeSettings(given);
    this.#connections = new Connections(this.settings);
    this.#driver = createDriver(this.settings, this.#connections.agent);
    const { maxAttempts, ...delays } = this.settings.retry;
    const retries = retry(
      handleWhen((error) => isDatabaseError(error) && error.retryable),
      {
        maxAttempts: maxAttempts - 1,
        backoff: new DelegateBackoff((_, backoff: Backoff = new Backoff(delays)) => ({
          delay: backoff.next(),
          state: backoff,
        })),
      },
    );
    // A call that is over must not keep the process waiting; until then, its deadline does.
    this.#retries = retries.dangerouslyUnref();
  }

  /** Statements in one database of the server. */
  sql(database: string): Sql {
    return new DatabaseSql(this, database);
  }

  async ping(options?: CallOptions): Promise<void> {
    const operation = 'clickhouse.ping';
    checkCall(options, operation);
    this.requireOpen(operation);
    const query = 'SELECT 1';
    try {
      await this.call({ operation, query, database: SYSTEM, options, retried: false }, (driver, request) =>
        read(driver, query, undefined, request),
      );
    } catch (error) {
      if (!isDatabaseError(error) || error.code !== 'QUERY') throw error;
      throw new ConnectionError('the server cannot answer now', { operation, cause: error });
    }
  }

  connectionCount(): number {
    return this.#connections.count;
  }

  async close(): Promise<void> {
    this.#closed = true;
    await this.#connections.close();
  }

  requireOpen(operation: string): void {
    if (this.#closed) throw new ConnectionError('the client is closed', { operation, retryable: false });
  }

  /** Sends a query within the call's limits; with `retried`, again while its error says that it may succeed. */
  async call<T>(call: Call, send: (driver: Driver, request: Request) => Promise<T>): Promise<T> {
    const limits = new CallLimits(call.operation, call.options, this.settings.requestTimeoutMs);
    const attempt = () => this.#attempt(call, limits, send);
    try {
      return await limits.race(call.retried ? this.#retries.execute(attempt, limits.signal) : attempt());
    } finally {
      limits.end();
    }
  }

  async #attempt<T>(
    { operation, query, database }: Call,
    limits: CallLimits,
    send: (driver: Driver, request: Request) => Promise<T>,
  ): Promise<T> {
    limits.signal.throwIfAborted();
    this.requireOpen(operation);
    const queryId = randomUUID();
    limits.queryId = queryId;
    announce(queryId);
    try {
      return await send(this.#driver, {
        query_id: queryId,
        abort_signal: limits.signal,
        clickhouse_settings: { max_execution_time: limits.remainingSeconds },
        http_headers: inDatabase(database),
      });
    } catch (error) {
      if (!limits.signal.aborted) {
        throw toDomainError(error, { operation, query, queryId, elapsedMs: limits.elapsedMs });
      }
      this.#kill(queryId).catch(() => undefined);
      throw limits.signal.reason;
    }
  }

  /** Closing the request is not enough: the server notices only when it next writes to it. */
  async #kill(queryId: string): Promise<void> {
    const kill = () =>
      read(
        this.#driver,
        'KILL QUERY WHERE query_id = {queryId:String} ASYNC',
        { queryId },
        {
          query_id: randomUUID(),
          abort_signal: AbortSignal.timeout(KILL_TIMEOUT_MS),
          clickhouse_settings: {},
          http_headers: inDatabase(SYSTEM),
        },
      );
    if (this.#closed || (await kill()).length > 0) return;
    await delay(KILL_AGAIN_AFTER_MS, undefined, { ref: false });
    if (!this.#closed) await kill();
  }
}

/** Tells whoever observes the operation that runs which query it is on the server; of several, the last. */
function announce(queryId: string): void {
  const operation = currentOperation();
  if (operation) Object.assign(operation, { backend: 'clickhouse', queryId });
}

class DatabaseSql implements Sql {
  readonly database: string;
  readonly #client: ClickHouseClient;

  constructor(client: ClickHouseClient, database: string) {
    this.database = database;
    this.#client = client;
  }

  checkOpen(operation: string, options: CallOptions | undefined, known?: readonly string[]): void {
    checkCall(options, operation, known);
    this.#client.requireOpen(operation);
  }

  rows<T>(operation: string, query: string, params?: SqlParams, options?: CallOptions): Promise<T[]> {
    return this.#client.call(
      { operation, query, database: this.database, options, retried: true },
      (driver, request) => read<T>(driver, query, params, request),
    );
  }

  async command(operation: string, query: string, params?: SqlParams, options?: CallOptions): Promise<void> {
    await this.#client.call(
      { operation, query, database: this.database, options, retried: false },
      (driver, request) =>
        driver.command({
          query,
          ...(params && { query_params: params }),
          ...answeringAtTheEnd(request),
        }),
    );
  }

  async insert(operation: string, block: SqlBlock, options?: CallOptions): Promise<number> {
    const { table, token, bytes, retried } = block;
    // Without a list of columns, the engine goes by the names in the block.
    const query = `INSERT INTO ${table} FORMAT Native`;
    let attempts = 0;
    await this.#client.call(
      { operation, query, database: this.database, options, retried },
      async (driver, request) => {
        attempts++;
        const { stream } = await driver.exec({
          query,
          values: Readable.from([bytes], { objectMode: false }),
          ...storedOnce(token, answeringAtTheEnd(request)),
        });
        await finished(stream.resume());
      },
    );
    return attempts;
  }

  on(database: string): Sql {
    return this.#client.sql(database);
  }
}
