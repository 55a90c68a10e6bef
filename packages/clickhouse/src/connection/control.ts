import { randomUUID } from 'node:crypto';
import { sleep, systemClock } from '@quantumtrade/dal-runtime';
import type { HttpDriver } from './driver/http-driver.js';
import { readJsonRows } from './json-rows.js';
import { JSON_ROWS } from './pinned-settings.js';

const TIMEOUT_MS = 5_000;
/** A query that was sent more recently may not have started on the server yet. */
const STARTED_AFTER_MS = 1_000;
const REPEAT_AFTER_MS = 250;
/** The answers have one row for each query that was found, or for each setting of the server. */
const LIMITS = { maxRows: 100_000, maxBytes: 2 ** 24 };

/** Requests about other requests, without pinned settings and on connections of their own. */
export class Control {
  readonly #driver: HttpDriver;
  readonly #closing = new AbortController();

  constructor(driver: HttpDriver) {
    this.#driver = driver;
  }

  /**
   * Ends a query that was left by its caller. Closing the request is not enough: the server notices only when it next writes to
   * it. Returns at once. A query that cannot be killed ends by its own `max_execution_time`.
   */
  kill(queryId: string, sentBeforeMs: number): void {
    this.#kill(queryId, sentBeforeMs).catch(() => undefined);
  }

  /** Returns the names of the server's settings. */
  async settingNames(signal: AbortSignal): Promise<ReadonlySet<string>> {
    const rows = await this.#rows<{ name: string }>('SELECT name FROM system.settings', {}, signal);
    return new Set(rows.map(({ name }) => name));
  }

  close(): void {
    this.#closing.abort();
  }

  async #kill(queryId: string, sentBeforeMs: number): Promise<void> {
    if ((await this.#sendKill(queryId)) > 0 || sentBeforeMs > STARTED_AFTER_MS) return;
    await sleep(REPEAT_AFTER_MS, systemClock, this.#closing.signal);
    await this.#sendKill(queryId);
  }

  /** Returns the number of queries found. */
  async #sendKill(queryId: string): Promise<number> {
    if (this.#closing.signal.aborted) return 0;
    const query = 'KILL QUERY WHERE query_id = {queryId:String} ASYNC';
    return (await this.#rows(query, { queryId }, AbortSignal.timeout(TIMEOUT_MS))).length;
  }

  async #rows<T>(query: string, params: Record<string, string>, signal: AbortSignal): Promise<T[]> {
    const answer = await this.#driver.send({
      query: `${query} FORMAT JSONEachRow`,
      params,
      queryId: randomUUID(),
      database: 'system',
      settings: JSON_ROWS,
      signal,
    });
    return readJsonRows<T>(answer, signal, LIMITS, undefined);
  }
}
