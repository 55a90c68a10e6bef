import { randomUUID } from 'node:crypto';
import { setTimeout as delay } from 'node:timers/promises';
import type { ClickHouseClient as Driver } from '@clickhouse/client';
import type { PinnedSettings } from './pinned-settings.js';
import { readRows } from './statements.js';

const TIMEOUT_MS = 5_000;
/** A query that was sent more recently may not be known to the server yet. */
const SURELY_KNOWN_AFTER_MS = 1_000;
const AGAIN_AFTER_MS = 250;
/** One row for each query that was found. */
const LIMITS = { maxRows: 1_000, maxBytes: 2 ** 20 };

/**
 * Ends queries on the server whose callers have left. Closing the request is not enough: the server notices only when it next
 * writes to it.
 */
export class Kills {
  readonly #driver: Driver;
  readonly #pinned: PinnedSettings;
  #closed = false;

  /** The driver's connections are for kills alone. */
  constructor(driver: Driver, pinned: PinnedSettings) {
    this.#driver = driver;
    this.#pinned = pinned;
  }

  /** Returns at once. What cannot be killed ends by its own `max_execution_time`. */
  kill(queryId: string, sentBeforeMs: number): void {
    this.#kill(queryId, sentBeforeMs).catch(() => undefined);
  }

  close(): void {
    this.#closed = true;
  }

  async #kill(queryId: string, sentBeforeMs: number): Promise<void> {
    if ((await this.#send(queryId)) > 0 || sentBeforeMs > SURELY_KNOWN_AFTER_MS) return;
    await delay(AGAIN_AFTER_MS, undefined, { ref: false });
    await this.#send(queryId);
  }

  async #send(queryId: string): Promise<number> {
    if (this.#closed) return 0;
    const killed = await readRows(
      this.#driver,
      { query: 'KILL QUERY WHERE query_id = {queryId:String} ASYNC', params: { queryId } },
      {
        queryId: randomUUID(),
        signal: AbortSignal.timeout(TIMEOUT_MS),
        pinned: this.#pinned.current,
        settings: {},
        database: 'system',
      },
      LIMITS,
      (json) => json,
    );
    return killed.length;
  }
}
