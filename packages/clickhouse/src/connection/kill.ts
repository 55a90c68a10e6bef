import { randomUUID } from 'node:crypto';
import { sleep, systemClock } from '@quantumtrade/dal-runtime';
import type { HttpDriver } from './driver/http-driver.js';
import { readJsonRows } from './json-rows.js';
import { JSON_ROWS } from './pinned-settings.js';

const TIMEOUT_MS = 5_000;
/** A query that was sent more recently may not have started on the server yet. */
const STARTED_AFTER_MS = 1_000;
const REPEAT_AFTER_MS = 250;
/** The answer has one row for each query that was found. */
const LIMITS = { maxRows: 1_000, maxBytes: 2 ** 20 };

/**
 * Ends queries on the server that were left by their callers. Closing the request is not enough: the server notices only when it
 * next writes to it.
 */
export class Kills {
  readonly #driver: HttpDriver;
  readonly #closing = new AbortController();

  constructor(driver: HttpDriver) {
    this.#driver = driver;
  }

  /** Returns at once. A query that cannot be killed ends by its own `max_execution_time`. */
  kill(queryId: string, sentBeforeMs: number): void {
    this.#kill(queryId, sentBeforeMs).catch(() => undefined);
  }

  close(): void {
    this.#closing.abort();
  }

  async #kill(queryId: string, sentBeforeMs: number): Promise<void> {
    if ((await this.#send(queryId)) > 0 || sentBeforeMs > STARTED_AFTER_MS) return;
    await sleep(REPEAT_AFTER_MS, systemClock, this.#closing.signal);
    await this.#send(queryId);
  }

  /** Returns the number of queries found. */
  async #send(queryId: string): Promise<number> {
    if (this.#closing.signal.aborted) return 0;
    const signal = AbortSignal.timeout(TIMEOUT_MS);
    const answer = await this.#driver.send({
      query: 'KILL QUERY WHERE query_id = {queryId:String} ASYNC FORMAT JSONEachRow',
      params: { queryId },
      queryId: randomUUID(),
      database: 'system',
      settings: JSON_ROWS,
      signal,
    });
    return (await readJsonRows(answer, signal, LIMITS, undefined)).length;
  }
}
