import { randomUUID } from 'node:crypto';
import type { ClickHouseClient as Driver } from '@clickhouse/client';
import { ClickHouseError } from '@clickhouse/client';
import type { BackendProbe, CallOptions } from '@quantumtrade/dal-domain';
import { checkCall, ConnectionError, isDatabaseError } from '@quantumtrade/dal-domain';
import { Backoff } from '@quantumtrade/dal-runtime';
import { currentOperation } from '@quantumtrade/dal-telemetry';
import type { RetryPolicy } from 'cockatiel';
import { DelegateBackoff, handleWhen, retry } from 'cockatiel';
import { Admission, RefusedCallError } from './admission.js';
import { BodyTooLargeError } from './answer.js';
import { CallLimits } from './call-limits.js';
import { Connections } from './connections.js';
import { DatabaseSql } from './database-sql.js';
import { toDomainError } from './driver-errors.js';
import type { Request } from './driver.js';
import { createDriver } from './driver.js';
import { TooManyRowsError } from './json-rows.js';
import { Kills } from './kills.js';
import { PinnedSettings } from './pinned-settings.js';
import { isIn } from './server-codes.js';
import type { ClickHouseSettings, CompleteSettings } from '../settings.js';
import { completeClickHouseSettings } from './settings.js';
import type { Sql } from './sql.js';
import type { ReadLimits } from './statements.js';
import { LOOKUP_LIMITS, readRows } from './statements.js';

/** There on every server, whatever else is. */
const SYSTEM = 'system';
/** Kills wait for each other, and for nothing else. */
const KILL_CONNECTIONS = 2;

interface Call {
  readonly operation: string;
  readonly query: string;
  readonly database: string;
  readonly options: CallOptions | undefined;
  readonly retried: boolean;
  /** Whether the query goes on with a call that has begun. */
  readonly further: boolean;
}

type Send<T> = (driver: Driver, request: Request) => Promise<T>;

/** The connections to one server, whichever database a call is for. */
export class ClickHouseClient implements BackendProbe {
  readonly #settings: CompleteSettings;
  readonly #connections: Connections;
  readonly #driver: Driver;
  /** Pings have a connection of their own, so that they tell of the server and not of the queue before it. */
  readonly #pingConnections: Connections;
  readonly #pingDriver: Driver;
  readonly #killConnections: Connections;
  readonly #kills: Kills;
  readonly #retries: RetryPolicy;
  readonly #admission: Admission;
  readonly #pinned = new PinnedSettings();
  #closed = false;

  constructor(given: ClickHouseSettings) {
    const settings = completeClickHouseSettings(given);
    this.#settings = settings;
    this.#connections = new Connections(settings, settings.maxConnections);
    this.#driver = createDriver(settings, this.#connections.agent);
    this.#pingConnections = new Connections(settings, 1);
    this.#pingDriver = createDriver(settings, this.#pingConnections.agent);
    this.#killConnections = new Connections(settings, KILL_CONNECTIONS);
    this.#kills = new Kills(createDriver(settings, this.#killConnections.agent), this.#pinned);
    this.#admission = new Admission({
      capacity: settings.maxConnections,
      maxQueued: settings.maxQueuedCalls,
      now: Date.now,
    });
    const { maxAttempts, ...delays } = settings.retry;
    const retries = retry(
      // A call that cannot make its deadline cannot make it later.
      handleWhen((error) => isDatabaseError(error) && error.retryable && error.code !== 'TIMEOUT'),
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

  /** The database that calls are for unless they name another. */
  get database(): string {
    return this.#settings.database;
  }

  get maxInsertBlockSize(): number {
    return this.#settings.maxInsertBlockSize;
  }

  get resultLimits(): ReadLimits {
    return { maxRows: this.#settings.maxResultRows, maxBytes: this.#settings.maxResultBytes };
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
    const call = { operation, query, database: SYSTEM, options, retried: false, further: false };
    const limits = new CallLimits(operation, options, this.#settings.requestTimeoutMs);
    try {
      await limits.race(
        this.#request(this.#pingDriver, call, limits, (driver, request) =>
          readRows(driver, { query }, request, LOOKUP_LIMITS, (json) => json),
        ),
      );
    } catch (error) {
      if (!isDatabaseError(error) || error.code !== 'QUERY') throw error;
      throw new ConnectionError('the server cannot answer now', { operation, cause: error });
    } finally {
      limits.end();
    }
  }

  connectionCount(): number {
    return this.#connections.count + this.#pingConnections.count + this.#killConnections.count;
  }

  async close(): Promise<void> {
    this.#closed = true;
    this.#kills.close();
    const all = [this.#connections, this.#pingConnections, this.#killConnections];
    await Promise.all(all.map((connections) => connections.close()));
  }

  requireOpen(operation: string): void {
    if (this.#closed) throw new ConnectionError('the client is closed', { operation, retryable: false });
  }

  /** Sends a query within the call's limits; with `retried`, again while its error says that it may succeed. */
  async call<T>(call: Call, send: Send<T>): Promise<T> {
    const limits = new CallLimits(call.operation, call.options, this.#settings.requestTimeoutMs);
    let { further } = call;
    const attempt = () => {
      const begun = { ...call, further };
      further = true;
      return this.#attempt(begun, limits, send);
    };
    try {
      return await limits.race(call.retried ? this.#retries.execute(attempt, limits.signal) : attempt());
    } finally {
      limits.end();
    }
  }

  /** Waits for a connection before anything of the query is sent. */
  async #attempt<T>(call: Call, limits: CallLimits, send: Send<T>): Promise<T> {
    limits.signal.throwIfAborted();
    const { operation, query, further } = call;
    const { signal, deadline } = limits;
    try {
      return await this.#admission.run({ kind: operation, further, deadline, signal }, () =>
        this.#request(this.#driver, call, limits, send),
      );
    } catch (error) {
      if (!(error instanceof RefusedCallError)) throw error;
      throw toDomainError(error, { operation, query, elapsedMs: limits.elapsedMs });
    }
  }

  async #request<T>(
    driver: Driver,
    { operation, query, database }: Call,
    limits: CallLimits,
    send: Send<T>,
  ): Promise<T> {
    const { signal } = limits;
    signal.throwIfAborted();
    this.requireOpen(operation);
    const queryId = randomUUID();
    limits.queryId = queryId;
    announce(queryId);
    const settings = {
      max_query_size: String(this.#settings.maxQuerySize),
      max_execution_time: limits.remainingSeconds,
    };
    const request = { queryId, signal, database, settings, pinned: this.#pinned.current };
    const sentAt = Date.now();
    try {
      return await this.#pinnedRequest(driver, request, send);
    } catch (error) {
      if (this.#mayStillRun(error, signal)) this.#kills.kill(queryId, Date.now() - sentAt);
      if (signal.aborted) throw signal.reason;
      throw toDomainError(error, { operation, query, queryId, elapsedMs: limits.elapsedMs });
    }
  }

  /** Whether the server was left in the middle of its answer. */
  #mayStillRun(error: unknown, signal: AbortSignal): boolean {
    return signal.aborted || error instanceof BodyTooLargeError || error instanceof TooManyRowsError;
  }

  /** A server that does not know a setting refuses the request at once, so it can be sent again without what is not known. */
  async #pinnedRequest<T>(driver: Driver, request: Request, send: Send<T>): Promise<T> {
    try {
      return await send(driver, request);
    } catch (error) {
      if (!(error instanceof ClickHouseError) || !isIn('UNKNOWN_SETTING', Number(error.code))) throw error;
      await this.#learnSettings(driver, request);
      // Another call may have learnt it meanwhile.
      if (request.pinned === this.#pinned.current) throw error;
      return send(driver, { ...request, pinned: this.#pinned.current });
    }
  }

  async #learnSettings(driver: Driver, { signal }: Request): Promise<void> {
    const pinned = { output_format_json_array_of_rows: 1 };
    const names = await readRows(
      driver,
      { query: 'SELECT name FROM system.settings' },
      { queryId: randomUUID(), signal, database: SYSTEM, pinned, settings: {} },
      LOOKUP_LIMITS,
      ({ name }: { name: string }) => name,
    );
    this.#pinned.restrictTo(new Set(names));
  }
}

/** Tells whoever observes the operation that runs which query it is on the server; of several, the last. */
function announce(queryId: string): void {
  const operation = currentOperation();
  if (operation) Object.assign(operation, { backend: 'clickhouse', queryId });
}
