import { randomUUID } from 'node:crypto';
import type { CallOptions } from '@quantumtrade/dal-domain';
import { checkTime, ConnectionError, isDatabaseError, TimeoutError } from '@quantumtrade/dal-domain';
import { Backoff, Deadline, sleep, systemClock } from '@quantumtrade/dal-runtime';
import { currentOperation, operationChannel } from '@quantumtrade/dal-telemetry';
import type { CompleteSettings } from '../settings.js';
import type { Admission } from './admission.js';
import { NotAdmittedError } from './admission.js';
import { AbandonedError, BodyTooLargeError, TooManyRowsError } from './answer-errors.js';
import type { Answer } from './body.js';
import type { HttpDriver } from './driver/http-driver.js';
import { toDomainError } from './errors.js';
import { EXCEPTION_CODE, readFailure } from './failure.js';
import type { PinnedSettings, SessionSettings } from './pinned-settings.js';
import { ServerError } from './server-errors.js';
import type { SqlParams } from './sql.js';

const QUERY_ID = 'x-clickhouse-query-id';

/** Connections to one server that statements share, each with a connection of its own while it runs. */
export interface ConnectionPool {
  readonly driver: HttpDriver;
  readonly admission: Admission;
  /** Settings that the driver sends with every statement. @default none */
  readonly pinned?: PinnedSettings;
  /** @default none: queries that are left are not killed */
  readonly control?: QueryControl;
  /** Whether further statements are refused. */
  isClosed: boolean;
}

/** Statements about other statements of a pool. */
export interface QueryControl {
  /** Ends a query that was left by its caller. Returns at once. */
  kill(queryId: string, sentBeforeMs: number): void;
  /** Returns the names of the server's settings. */
  settingNames(options: CallOptions): Promise<ReadonlySet<string>>;
}

/** Throws `ConnectionError` once the pool is closed. */
export function requireOpen({ isClosed }: ConnectionPool, operation: string): void {
  if (isClosed) throw new ConnectionError('the client is closed', { operation, retryable: false });
}

/** A statement with all that its attempts have in common. */
export interface Statement {
  readonly operation: string;
  /** Whether its call has run a statement before. */
  readonly continues: boolean;
  readonly database: string;
  /** Text that errors show, with placeholders. */
  readonly query: string;
  /** Text sent behind the query. @default none */
  readonly format?: string | undefined;
  readonly params?: SqlParams | undefined;
  /** Bytes sent behind the text. @default none */
  readonly data?: Uint8Array;
  readonly settings: SessionSettings;
  /** Whether the answer may come as gzip. @default false */
  readonly acceptsGzip?: boolean;
  /** Limit on the rows of the answer. @default none */
  readonly maxRows?: number;
  /** Time limit beside that of the caller; undefined for none (milliseconds). */
  readonly timeoutMs: number | undefined;
}

/** One run of a statement: attempts within a deadline, of which one at a time has a connection. */
export class Call {
  readonly operation: string;
  readonly deadline: Deadline;
  continues: boolean;
  /** Number of times the statement was sent. */
  attempts = 0;
  readonly #pool: ConnectionPool;
  readonly #retry: CompleteSettings['retry'];
  readonly #statement: Statement;
  /** Id of the latest attempt on the server. */
  #queryId: string | undefined;
  /** When the running attempt was sent (epoch milliseconds); undefined when none runs. */
  #sentAt: number | undefined;
  #failures = 0;
  #backoff: Backoff | undefined;

  constructor(
    pool: ConnectionPool,
    retry: CompleteSettings['retry'],
    statement: Statement,
    options: CallOptions | undefined,
  ) {
    const { operation, continues, timeoutMs } = statement;
    if (options) checkTime(options, operation);
    this.operation = operation;
    this.continues = continues;
    this.#pool = pool;
    this.#retry = retry;
    this.#statement = statement;
    this.deadline = new Deadline(
      { signal: options?.signal, deadline: options?.deadline, timeoutMs },
      (elapsedMs) =>
        new TimeoutError(elapsedMs, { operation, ...(this.#queryId && { queryId: this.#queryId }) }),
    );
  }

  /** Begins an attempt like {@link open}, and waits no longer for the head of the answer (milliseconds). */
  async openWithin(timeoutMs: number): Promise<Answer> {
    const { deadline } = this;
    const opening = new Deadline({ signal: deadline.signal, timeoutMs }, () => deadline.timeoutError());
    try {
      return await this.open(opening);
    } catch (error) {
      opening.throwIfAborted();
      throw error;
    } finally {
      opening.end();
    }
  }

  /**
   * Begins an attempt: waits for a connection and sends the statement. Resolves with an answer that is a success by its head.
   * Every error belongs to {@link fail}.
   */
  async open(deadline = this.deadline): Promise<Answer> {
    const { operation, continues } = this;
    deadline.throwIfAborted();
    // Nothing of the query is sent before it has a connection.
    const turn = this.#pool.admission.acquire({ operation, continues, deadline });
    if (turn) await turn;
    this.#sentAt = Date.now();
    requireOpen(this.#pool, operation);
    const queryId = randomUUID();
    this.#queryId = queryId;
    const running = operationChannel.hasSubscribers ? currentOperation() : undefined;
    if (running) Object.assign(running, { backend: 'clickhouse', queryId });
    const queryString = this.#pool.pinned?.queryString;
    const { signal } = deadline;
    const answer = await this.#send(queryId, signal);
    return isSuccess(answer) ? answer : this.#sendAgain(answer, queryId, queryString, signal);
  }

  /** Ends the running attempt: its answer was read. */
  succeed(): void {
    this.#release(true);
  }

  /** Ends the running attempt, if there is one, and kills a query that may go on. Returns the domain's error. */
  fail(error: unknown): unknown {
    const { deadline, operation } = this;
    const { query, maxRows } = this.#statement;
    const { elapsedMs } = deadline;
    if (this.#sentAt === undefined) {
      return error instanceof NotAdmittedError
        ? toDomainError(error, { operation, query, elapsedMs })
        : error;
    }
    const queryId = this.#queryId!;
    if (this.#mayStillRun(error)) this.#pool.control?.kill(queryId, Date.now() - this.#sentAt);
    this.#release(false);
    if (deadline.aborted) return deadline.signal.reason;
    return toDomainError(error, { operation, query, queryId, elapsedMs, maxRows });
  }

  /** Waits until the next attempt. Throws the error of the last one unless it is retryable and an attempt is left. */
  async waitToRetry(failure: unknown): Promise<void> {
    this.#failures++;
    if (this.#failures >= this.#retry.maxAttempts || !isWorthRetrying(failure)) throw failure;
    this.#backoff ??= new Backoff(this.#retry);
    await sleep(this.#backoff.next(), systemClock, this.deadline.signal);
    this.continues = true;
  }

  /** Ends the call. An attempt that still runs was left by its caller, and is killed. */
  end(): void {
    if (this.#sentAt !== undefined) this.fail(new AbandonedError());
    this.deadline.end();
  }

  #release(succeeded: boolean): void {
    const { operation, continues } = this;
    const durationMs = Date.now() - this.#sentAt!;
    this.#sentAt = undefined;
    this.#pool.admission.release({ operation, continues }, durationMs, succeeded);
  }

  #send(queryId: string, signal: AbortSignal): Promise<Answer> {
    const { query, format, params, data, database, settings, acceptsGzip } = this.#statement;
    const { at } = this.deadline;
    this.attempts++;
    return this.#pool.driver.send({
      query: format === undefined ? query : query + format,
      params,
      data,
      queryId,
      database,
      settings: {
        ...settings,
        max_execution_time: at === Infinity ? 0 : Math.max(1, Math.ceil((at - this.#sentAt!) / 1_000)),
      },
      acceptsGzip,
      signal,
    });
  }

  /** Sends a statement again that failed for a pinned setting which the server lacks. Throws any other error. */
  async #sendAgain(
    answer: Answer,
    queryId: string,
    queryString: string | undefined,
    signal: AbortSignal,
  ): Promise<Answer> {
    const { pinned, control } = this.#pool;
    const error = await readFailure(answer, signal);
    if (!(error instanceof ServerError) || error.traits.failure !== 'UNKNOWN_SETTING') throw error;
    if (!pinned || !control) throw error;
    // A server refuses such a request before it runs anything, so that it can be sent again without the setting.
    pinned.restrictTo(await control.settingNames({ signal }));
    // Another call may have learnt them meanwhile.
    if (queryString === pinned.queryString) throw error;
    const second = await this.#send(queryId, signal);
    if (isSuccess(second)) return second;
    throw await readFailure(second, signal);
  }

  /** Whether the server was left in the middle of its answer. */
  #mayStillRun(error: unknown): boolean {
    return (
      this.deadline.aborted ||
      error instanceof AbandonedError ||
      error instanceof BodyTooLargeError ||
      error instanceof TooManyRowsError ||
      (isDatabaseError(error) && error.code === 'TIMEOUT')
    );
  }
}

/** Whether the head is that of ClickHouse's answer to this very request, and reports no error. */
const isSuccess = ({ status, headers, queryId }: Answer): boolean =>
  status === 200 && headers[EXCEPTION_CODE] === undefined && headers[QUERY_ID] === queryId;

/** A call that cannot make its deadline now cannot make it later. */
const isWorthRetrying = (error: unknown): boolean =>
  isDatabaseError(error) && error.retryable && error.code !== 'TIMEOUT';
