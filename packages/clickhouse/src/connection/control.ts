import type { CallOptions } from '@quantumtrade/dal-domain';
import { sleep, systemClock } from '@quantumtrade/dal-runtime';
import type { QueryControl } from './call.js';
import type { Sql } from './sql.js';

const TIMEOUT_MS = 5_000;
/** A query that was sent more recently may not have started on the server yet. */
const STARTED_AFTER_MS = 1_000;
const REPEAT_AFTER_MS = 250;

/** Control of a pool's statements over connections of its own, without pinned settings. */
export class Control implements QueryControl {
  readonly #sql: Sql;
  readonly #closing = new AbortController();

  constructor(sql: Sql) {
    this.#sql = sql;
  }

  /**
   * Ends a query on the server. Closing the request is not enough: the server notices only when it next writes to it. A query that
   * cannot be killed ends by its own `max_execution_time`.
   */
  kill(queryId: string, sentBeforeMs: number): void {
    this.#kill(queryId, sentBeforeMs).catch(() => undefined);
  }

  async settingNames(options: CallOptions): Promise<ReadonlySet<string>> {
    const query = 'SELECT name FROM system.settings';
    const rows = await this.#sql.rows<{ name: string }>('clickhouse.settings', query, {}, options);
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
    const { signal } = this.#closing;
    const query = 'KILL QUERY WHERE query_id = {queryId:String} ASYNC';
    const options = { signal, deadline: Date.now() + TIMEOUT_MS };
    return (await this.#sql.rows('clickhouse.kill', query, { queryId }, options)).length;
  }
}
