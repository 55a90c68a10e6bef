import type { CallOptions } from '@quantumtrade/dal-domain';
import { sleep, systemClock } from '@quantumtrade/dal-runtime';
import type { Orphan, QueryControl } from './connection-pool.js';
import type { Sql } from './sql.js';

const TIMEOUT_MS = 5_000;
/** A query that was sent more recently may not have started on the server yet. */
const STARTED_AFTER_MS = 1_000;
const REPEAT_AFTER_MS = 250;
/** First and longest time between two looks at a query that still runs. */
const FIRST_LOOK_MS = 20;
const LAST_LOOK_MS = 500;
/** An orphaned query holds its slot no longer. */
const QUARANTINE_MS = 30_000;
/** Time that a server may take to end a query whose `max_execution_time` is over. */
const ENDS_WITHIN_MS = 2_000;

/** A query whose end is not confirmed. */
interface Watched extends Orphan {
  /** When its caller left (epoch milliseconds). */
  readonly leftAt: number;
  wasFound: boolean;
  /** Whether it has its slot. */
  isHeld: boolean;
}

/**
 * Control of the statements of one server, over connections of its own and without pinned settings.
 *
 * A killed query is looked for until the server no longer has it, and holds its slot until then: queries that go on unseen would
 * otherwise run beside the ones that the pool admits. A slot is held for 30 s at most, and not beyond the time at which the query ends by
 * its own `max_execution_time`.
 */
export class Control implements QueryControl {
  readonly #sql: Pick<Sql, 'rows'>;
  readonly #closing = new AbortController();
  readonly #watched = new Set<Watched>();
  /** Queries left in this turn of the event loop. */
  #batch: Watched[] | undefined;
  #endedMs = 0;

  constructor(sql: Pick<Sql, 'rows'>) {
    this.#sql = sql;
  }

  /** Number of queries whose end is not confirmed. */
  get orphans(): number {
    return this.#watched.size;
  }

  /** Number of slots that such queries hold. */
  get held(): number {
    let count = 0;
    for (const { isHeld } of this.#watched) if (isHeld) count++;
    return count;
  }

  /** Time for which queries went on, or may have, after they were left: the sum over all queries, in seconds. */
  get orphanSeconds(): number {
    const now = Date.now();
    let sum = this.#endedMs;
    for (const { leftAt } of this.#watched) sum += now - leftAt;
    return sum / 1_000;
  }

  /** Closing the request is not enough: the server notices only when it next writes to it. */
  kill(orphan: Orphan): void {
    const watched = { ...orphan, leftAt: Date.now(), wasFound: false, isHeld: true };
    this.#watched.add(watched);
    if (this.#batch) return void this.#batch.push(watched);
    const batch = (this.#batch = [watched]);
    queueMicrotask(() => {
      this.#batch = undefined;
      void this.#watch(batch);
    });
  }

  async settingNames(options: CallOptions): Promise<ReadonlySet<string>> {
    const query = 'SELECT name FROM system.settings';
    const rows = await this.#sql.rows<{ name: string }>('clickhouse.settings', query, {}, options);
    return new Set(rows.map(({ name }) => name));
  }

  close(): void {
    this.#closing.abort();
    for (const watched of this.#watched) this.#end(watched);
  }

  /** Kills queries and looks for them until none is left. */
  async #watch(batch: readonly Watched[]): Promise<void> {
    let waitMs = FIRST_LOOK_MS;
    for (let left = batch; left.length > 0; left = left.filter((each) => this.#watched.has(each))) {
      const found = await this.#sendKill(left).catch(() => undefined);
      for (const watched of left) this.#look(watched, found);
      if (!left.some((each) => this.#watched.has(each))) return;
      const isRunning = found !== undefined && found.size > 0;
      await sleep(isRunning ? waitMs : REPEAT_AFTER_MS, systemClock, this.#closing.signal).catch(
        () => undefined,
      );
      waitMs = Math.min(2 * waitMs, LAST_LOOK_MS);
    }
  }

  /** Takes note of whether a query was found; undefined when the server did not say. */
  #look(watched: Watched, found: ReadonlySet<string> | undefined): void {
    const now = Date.now();
    if (found === undefined || found.has(watched.queryId)) {
      watched.wasFound ||= found !== undefined;
      const endsAt = Math.min(
        watched.leftAt + QUARANTINE_MS,
        Math.max(watched.endsAt, watched.leftAt) + ENDS_WITHIN_MS,
      );
      if (now > endsAt) this.#end(watched);
      return;
    }
    if (watched.wasFound || now - watched.sentAt > STARTED_AFTER_MS) this.#end(watched);
    else this.#release(watched);
  }

  #end(watched: Watched): void {
    if (!this.#watched.delete(watched)) return;
    this.#endedMs += Date.now() - watched.leftAt;
    this.#release(watched);
  }

  #release(watched: Watched): void {
    if (!watched.isHeld) return;
    watched.isHeld = false;
    watched.release();
  }

  /** Returns the ids of the queries that the server still had. */
  async #sendKill(orphans: readonly Orphan[]): Promise<ReadonlySet<string>> {
    const { signal } = this.#closing;
    const query = 'KILL QUERY WHERE has({queryIds:Array(String)}, query_id) ASYNC';
    const params = { queryIds: orphans.map(({ queryId }) => queryId) };
    const options = { signal, deadline: Date.now() + TIMEOUT_MS };
    const rows = await this.#sql.rows<{ query_id: string }>('clickhouse.kill', query, params, options);
    return new Set(rows.map(({ query_id }) => query_id));
  }
}
