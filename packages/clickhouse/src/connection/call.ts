import { randomUUID } from 'node:crypto';
import { checkTime, TimeoutError, type CallOptions, type ConnectionError } from '@quantumtrade/dal-domain';
import {
  type CallOutcome,
  Deadline,
  expiryTimer,
  LightAbortSignal,
  NotAdmittedError,
  sleep,
  systemClock,
} from '@quantumtrade/dal-runtime';
import { noteAttempt } from '@quantumtrade/dal-telemetry';
import type { CompleteSettings } from '../settings.js';
import { AbandonedError, mayStillRun } from './answer-errors.js';
import { bytesReceived, isSuccess } from './answer-parts.js';
import type { Answer } from './body.js';
import { CallRetries, isWorthRetrying } from './call-retries.js';
import { classifyFailure, loadOutcomeOf, type Failure } from './classify-failure.js';
import type { AttemptTracker, ConnectionPool, MovableCall, PoolSource } from './connection-pool.js';
import { clientClosedError } from './connection-pool.js';
import { debugFailure } from './debug.js';
import { toDomainError } from './errors.js';
import { readFailure } from './failure.js';
import { amendRefused, refusableParts, type RefusableParts } from './refused-request.js';
import type { Statement } from './statement.js';

const NONE: readonly ConnectionPool[] = [];
/** Time without a byte after which an answer that has begun is given up, at an endpoint that does not answer (milliseconds). */
const STALLED_AFTER_MS = 500;
/** Timers of delays may be earlier than those of deadlines (milliseconds). */
const BEYOND_DEADLINE_MS = 1_000;

/** One run of a statement: attempts within a deadline, of which one at a time has a connection. */
export class Call implements MovableCall {
  readonly operation: string;
  readonly deadline: Deadline;
  continues: boolean;
  /** Whether the caller takes the answer at its own pace. */
  isPaced = false;
  readonly priority: CallOptions['priority'];
  /** Number of times the statement was sent. */
  attempts = 0;
  /** Aborts when the attempt has to end: with the call, or to go on elsewhere. */
  signal = new LightAbortSignal();
  readonly #pools: PoolSource;
  readonly #retry: CompleteSettings['retry'];
  readonly #statement: Statement;
  /** Pool of the latest attempt. */
  pool: ConnectionPool | undefined;
  /** Undefined where the attempt is the only one there can be, or has left. */
  #tracker: AttemptTracker | undefined;
  #tried = NONE;
  #shard: string | undefined;
  /** Id of the latest attempt on the server. */
  #queryId: string | undefined;
  /** When the running attempt was sent (epoch milliseconds); undefined when none runs. */
  #sentAt: number | undefined;
  /** The error for which the server refused the running attempt, while it is not known whether to send it again. */
  #refusal: unknown;
  #answer: Answer | undefined;
  /** Meaning of the failure of the latest attempt. */
  #failure: Failure | undefined;
  /** Servers that lack a table of the statement, with the name of their error. */
  #lacking: [AttemptTracker, string][] | undefined;
  #hasWaitedForProbe = false;
  #retries: CallRetries | undefined;

  /** @param hedged endpoint of a slow call that this one hedges: another endpoint is asked @default none: the call is a new request */
  constructor(
    pools: PoolSource,
    retry: CompleteSettings['retry'],
    statement: Statement,
    options: CallOptions | undefined,
    hedged?: ConnectionPool,
  ) {
    const { operation, continues, timeoutMs } = statement;
    if (options) checkTime(options, operation);
    this.operation = operation;
    this.continues = continues;
    this.priority = options?.priority;
    this.#pools = pools;
    this.#retry = retry;
    this.#statement = statement;
    this.#shard = statement.shard;
    this.deadline = new Deadline(
      { signal: options?.signal, deadline: options?.deadline, timeoutMs },
      (elapsedMs) => {
        const queryId = this.#queryId;
        const error = new TimeoutError(elapsedMs, { operation, ...(queryId && { queryId }) });
        if (this.#refusal) error.message += `; ${classifyFailure(this.#refusal).reason}`;
        return error;
      },
    );
    this.deadline.onAbort((reason) => this.signal.abort(reason));
    if (hedged) this.#tried = [hedged];
    else pools.retryBudget.onRequest();
  }

  /** Begins an attempt like {@link open}, and waits no longer for the head of the answer (milliseconds). */
  async openWithin(timeoutMs: number): Promise<Answer> {
    const { deadline } = this;
    this.isPaced = true;
    const opening = new Deadline({ signal: deadline.signal, timeoutMs }, () => deadline.timeoutError());
    opening.onAbort((reason) => this.signal.abort(reason));
    try {
      const answer = await this.open(opening);
      // Rows are given as they come, so that nothing of this attempt can be made elsewhere.
      this.#tracker?.leave(this);
      return answer;
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
  async open(limit = this.deadline): Promise<Answer> {
    const { operation, continues, priority } = this;
    const { purpose, idempotency, accepts } = this.#statement;
    this.pool = this.#tracker = undefined;
    limit.throwIfAborted();
    const { signal } = this;
    const wanted = { purpose, tried: this.#tried, shard: this.#shard, accepts };
    const pool = this.#pools.only ?? this.#pools.pick(wanted, operation);
    const { tracker } = pool;
    this.pool = pool;
    this.#tracker = tracker;
    if (purpose === 'primary') this.#shard = pool.shard;
    if (idempotency !== 'other') tracker?.enter(this);
    // Nothing of the query is sent before it has a connection.
    const deadline = { at: limit.at, signal };
    const turn = pool.admission.acquire({ operation, continues, priority, deadline });
    if (turn) await turn;
    this.#sentAt = Date.now();
    const queryId = (this.#queryId = randomUUID());
    const sent = refusableParts(pool);
    let answer = await this.#send(pool, queryId);
    if (!isSuccess(answer)) answer = await this.#sendAgain(pool, answer, queryId, sent);
    this.#answer = answer;
    tracker?.onAnswer(Date.now() - this.#sentAt);
    return answer;
  }

  /** An answer of which some has come is left only when no more of it comes. */
  moveOn(error: ConnectionError): void {
    const { signal } = this;
    const answer = this.#answer;
    if (!answer) return signal.abort(error);
    const received = bytesReceived(answer);
    expiryTimer.after(STALLED_AFTER_MS, () => {
      if (this.#answer === answer && bytesReceived(answer) === received) signal.abort(error);
    });
  }

  /** Ends the running attempt: its answer was read. */
  succeed(): void {
    const pool = this.pool!;
    this.#tracker?.leave(this);
    this.#tracker?.onSuccess();
    if (this.#lacking) for (const [server, error] of this.#lacking) server.onMissing(error);
    this.#record(pool, 'success');
    pool.admission.release();
  }

  /** Ends the running attempt, if there is one, and kills a query that may go on. Returns the domain's error. */
  fail(error: unknown): unknown {
    const { deadline, operation, signal } = this;
    const pool = this.pool;
    const sentAt = this.#sentAt;
    const { query, maxRows, shard } = this.#statement;
    const { elapsedMs } = deadline;
    const endpoint = pool?.name;
    const hasAnswer = this.#answer !== undefined;
    this.#tracker?.leave(this);
    if (pool === undefined || sentAt === undefined) {
      const failure = (this.#failure = { ...classifyFailure(error), sent: 'no' });
      return error instanceof NotAdmittedError
        ? toDomainError(error, { operation, query, elapsedMs, endpoint }, failure)
        : error;
    }
    const queryId = this.#queryId!;
    const isLeft = deadline.aborted || signal.aborted;
    const reason: unknown = deadline.aborted ? deadline.signal.reason : isLeft ? signal.reason : error;
    const failure = (this.#failure = classifyFailure(reason, maxRows));
    debugFailure({ operation, queryId, endpoint }, failure);
    this.#record(pool, loadOutcomeOf(failure, isLeft));
    const release = () => pool.admission.release();
    if (pool.control && !this.#refusal && (isLeft || mayStillRun(error))) {
      pool.control.kill({ queryId, sentAt, endsAt: deadline.at, release });
    } else release();
    if (isLeft) {
      if (!hasAnswer) this.#tracker?.onUnanswered(Date.now() - sentAt);
      return reason;
    }
    pool.onError?.(failure);
    if (failure.missing && pool.tracker) (this.#lacking ??= []).push([pool.tracker, failure.missing]);
    return toDomainError(error, { operation, query, queryId, elapsedMs, maxRows, endpoint, shard }, failure);
  }

  /**
   * Waits until the next attempt, which is made at once if there is another endpoint for it. Throws the error of the last one when there
   * is no further attempt.
   */
  async waitToRetry(error: unknown): Promise<void> {
    if (this.#pools.isClosed) throw clientClosedError(this.operation);
    const failure = this.#failure!;
    if (this.pool === undefined && this.#pools.probed) return this.#waitForProbe(error);
    const statement = this.#statement;
    const { purpose, idempotency, accepts } = statement;
    if (this.pool && !this.#tried.includes(this.pool)) this.#tried = [...this.#tried, this.pool];
    const canLeave = failure.elsewhere && idempotency !== 'other';
    const wanted = { purpose, tried: this.#tried, shard: this.#shard, accepts };
    const hasOther = () => canLeave && this.#pools.hasUntried?.(wanted) === true;
    const { remainingMs } = this.deadline;
    const retries = (this.#retries ??= new CallRetries(statement, this.#retry, this.#pools.retryBudget));
    const state = { isMoved: this.signal.aborted, remainingMs };
    let delayMs = retries.next(failure, { ...state, hasOther: hasOther() });
    if (delayMs === undefined && canLeave && retries.mayMove(failure) && this.#pools.probed) {
      // A server that is out of use may be back.
      await this.#waitForProbe(error);
      if (hasOther()) delayMs = 0;
    }
    if (delayMs === undefined) throw error;
    this.continues = true;
    this.signal = new LightAbortSignal();
    // A delay of the whole rest of the time ends with the deadline, not with an attempt that has no time.
    if (delayMs >= remainingMs) delayMs += BEYOND_DEADLINE_MS;
    if (delayMs > 0) await sleep(delayMs, systemClock, this.deadline.signal);
  }

  /** Waits once for the results of probes: no endpoint could be used. */
  async #waitForProbe(error: unknown): Promise<void> {
    if (this.#hasWaitedForProbe || !isWorthRetrying(this.#failure!)) throw error;
    this.#hasWaitedForProbe = true;
    await new Promise<void>((resolve, reject) => {
      void this.#pools.probed!().then(resolve);
      this.deadline.onAbort(reject);
    });
  }

  /** Ends the call. An attempt that still runs was left by its caller, and is killed. */
  end(): void {
    if (this.#sentAt !== undefined) this.fail(new AbandonedError());
    this.deadline.end();
  }

  #record({ admission }: ConnectionPool, outcome: CallOutcome): void {
    admission.record(this, Date.now() - this.#sentAt!, outcome);
    this.#sentAt = undefined;
    this.#answer = undefined;
  }

  #send({ driver, name }: ConnectionPool, queryId: string): Promise<Answer> {
    const { query, format, params, data, database, settings, headers } = this.#statement;
    const { at } = this.deadline;
    this.attempts++;
    this.#refusal = undefined;
    return driver.send({
      query: format === undefined ? query : query + format,
      params,
      data,
      queryId,
      database,
      settings: {
        ...settings,
        max_execution_time: at === Infinity ? 0 : Math.max(1, Math.ceil((at - this.#sentAt!) / 1_000)),
      },
      headers,
      trace: noteAttempt({ backend: 'clickhouse', queryId, endpoint: name }),
      signal: this.signal,
    });
  }

  /** Sends a statement again that the server refused before it ran anything, once it may be accepted. Throws any other error. */
  async #sendAgain(
    pool: ConnectionPool,
    answer: Answer,
    queryId: string,
    sent: RefusableParts,
  ): Promise<Answer> {
    const error = (this.#refusal = await readFailure(answer, this.signal));
    if (!(await amendRefused(pool, error, sent, this.signal))) {
      this.#refusal = undefined;
      throw error;
    }
    this.#sentAt = Date.now();
    const amended = refusableParts(pool);
    const next = await this.#send(pool, queryId);
    return isSuccess(next) ? next : this.#sendAgain(pool, next, queryId, amended);
  }
}
