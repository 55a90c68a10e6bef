import { randomUUID } from 'node:crypto';
import { ConnectionError } from '@quantumtrade/dal-domain';
import { currentOperation } from '@quantumtrade/dal-telemetry';
import type { Admission } from './admission.js';
import { NotAdmittedError } from './admission.js';
import { BodyTooLargeError } from './answer.js';
import type { Call, QueryRunner } from './call.js';
import type { HttpDriver } from './driver/http-driver.js';
import { toDomainError } from './errors.js';
import { LOOKUP_LIMITS, readJsonRows, TooManyRowsError } from './json-rows.js';
import type { Kills } from './kill.js';
import type { PinnedSettings } from './pinned-settings.js';
import { JSON_ROWS } from './pinned-settings.js';
import { ServerError } from './server-errors.js';

export interface QueryPoolParts {
  /** Sends the pool's queries, with the pinned settings. */
  readonly driver: HttpDriver;
  readonly admission: Admission;
  readonly pinned: PinnedSettings;
  /** Sends requests without pinned settings. */
  readonly control: HttpDriver;
  readonly kills: Kills;
}

/** Connections to one server that queries share, each query with a connection of its own while it runs. */
export class QueryPool implements QueryRunner {
  readonly #parts: QueryPoolParts;
  #closed = false;

  constructor(parts: QueryPoolParts) {
    this.#parts = parts;
  }

  /** Refuses further queries. */
  close(): void {
    this.#closed = true;
  }

  requireOpen(operation: string): void {
    if (this.#closed) throw new ConnectionError('the client is closed', { operation, retryable: false });
  }

  async attempt<T>(call: Call<T>): Promise<T> {
    const { deadline, operation } = call;
    const { admission, driver, pinned, kills } = this.#parts;
    const { signal } = deadline;
    signal.throwIfAborted();
    // Nothing of the query is sent before it has a connection.
    try {
      const turn = admission.acquire(call);
      if (turn) await turn;
    } catch (error) {
      if (!(error instanceof NotAdmittedError)) throw error;
      throw toDomainError(error, { operation, query: call.query, elapsedMs: deadline.elapsedMs });
    }
    const sentAt = Date.now();
    const queryId = randomUUID();
    let succeeded = false;
    try {
      if (this.#closed) this.requireOpen(operation);
      call.queryId = queryId;
      const running = currentOperation();
      if (running) Object.assign(running, { backend: 'clickhouse', queryId });
      const request = {
        query: call.format === undefined ? call.query : call.query + call.format,
        params: call.params,
        data: call.data,
        queryId,
        database: call.database,
        settings: {
          ...call.settings,
          max_execution_time: Math.max(1, Math.ceil((deadline.at - sentAt) / 1_000)),
        },
        signal,
      };
      const { queryString } = pinned;
      let result: T;
      try {
        call.attempts++;
        result = await call.read(await driver.send(request), signal, call.attempts);
      } catch (error) {
        if (!(error instanceof ServerError) || error.traits.failure !== 'UNKNOWN_SETTING') throw error;
        // A server refuses such a request before it runs anything, so that it can be sent again without the setting.
        await this.#learnSettings(signal);
        // Another call may have learnt them meanwhile.
        if (queryString === pinned.queryString) throw error;
        call.attempts++;
        result = await call.read(await driver.send(request), signal, call.attempts);
      }
      succeeded = true;
      return result;
    } catch (error) {
      if (mayStillRun(error, signal)) kills.kill(queryId, Date.now() - sentAt);
      if (signal.aborted) throw signal.reason;
      throw toDomainError(error, { operation, query: call.query, queryId, elapsedMs: deadline.elapsedMs });
    } finally {
      admission.release(call, Date.now() - sentAt, succeeded);
    }
  }

  async #learnSettings(signal: AbortSignal): Promise<void> {
    const { control, pinned } = this.#parts;
    const answer = await control.send({
      query: 'SELECT name FROM system.settings FORMAT JSONEachRow',
      queryId: randomUUID(),
      database: 'system',
      settings: JSON_ROWS,
      signal,
    });
    const rows = await readJsonRows<{ name: string }>(answer, signal, LOOKUP_LIMITS, undefined);
    pinned.restrictTo(new Set(rows.map(({ name }) => name)));
  }
}

/** Whether the server was left in the middle of its answer. */
const mayStillRun = (error: unknown, signal: AbortSignal): boolean =>
  signal.aborted || error instanceof BodyTooLargeError || error instanceof TooManyRowsError;
