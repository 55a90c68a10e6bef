import { randomUUID } from 'node:crypto';
import { hostname } from 'node:os';
import type { CallOptions } from '@quantumtrade/dal-domain';
import { isDatabaseError, MigrationError, TimeoutError } from '@quantumtrade/dal-domain';
import { sleep, systemClock } from '@quantumtrade/dal-runtime';
import type { Sql } from '../connection/sql.js';

export interface LockOptions {
  /** Silence of an owner after which its lock is taken over. @default 15,000 (milliseconds) */
  leaseMs?: number;
  /** Longest wait for another owner when the call has no deadline. @default 60,000 (milliseconds) */
  waitMs?: number;
  /** Time between two attempts to take the lock. @default 100 (milliseconds) */
  pollMs?: number;
}

/** Right to change the schema, while it is held. */
export interface MigrationLease {
  /** Throws `MigrationError` when another owner took over, or may do so at any moment. */
  confirm(version: number, options: CallOptions): Promise<void>;
}

interface Generation {
  readonly number: number;
  /** `held for 15000 ms by OWNER`, later `…, beat 1` and so on, at last `released`. */
  readonly comment: string;
  /** Allowed silence of its owner. */
  readonly leaseMs: number;
  /** Time since the comment was written, by the server's clock; up to a second too long. */
  readonly silentMs: number;
}

const OPERATION = 'schema.lock';
const RELEASED = 'released';
/** The server dates a table to the second, rounding down. */
const ROUNDING_MS = 1000;
/** Time between the last moment at which an owner begins a statement and the first at which another takes over. */
const MARGIN_MS = 1000;

/**
 * Lock over processes, based on the atomic creation of a table. The process that creates the table `schema_migrations_lock_N`
 * owns generation N. The owner rewrites the table's comment regularly; when the comment is older than the lease in it, or reads
 * `released`, any process may create generation N + 1. The highest generation is the lock and is never dropped, so numbers only
 * grow, and a former owner sees a higher one. All ages are measured by the server's clock.
 */
export class MigrationLock {
  readonly #server: Sql;
  readonly #database: string;
  readonly #leaseMs: number;
  readonly #waitMs: number;
  readonly #pollMs: number;

  /** `server` may be connected to another database. */
  constructor(
    server: Sql,
    database: string,
    { leaseMs = 15_000, waitMs = 60_000, pollMs = 100 }: LockOptions = {},
  ) {
    this.#server = server;
    this.#database = database;
    this.#leaseMs = leaseMs;
    this.#waitMs = waitMs;
    this.#pollMs = pollMs;
  }

  /** Runs the work while no other process may change the schema. Throws `TimeoutError` when a live owner keeps the lock. */
  async run<T>(options: CallOptions, work: (lease: MigrationLease) => Promise<T>): Promise<T> {
    const host = hostname().replace(/[^\w.-]/g, '_');
    const claim = `held for ${this.#leaseMs} ms by ${host}/${process.pid}/${randomUUID()}`;
    const generation = await this.#acquire(claim, options);
    const stopped = new AbortController();
    const beating = this.#beat(generation, claim, stopped.signal);
    try {
      return await work({ confirm: (version, call) => this.#confirm(generation, version, call) });
    } finally {
      stopped.abort();
      await beating;
      await this.#setComment(generation, RELEASED).catch(ignoreDatabaseError);
    }
  }

  async #acquire(claim: string, options: CallOptions): Promise<number> {
    const start = Date.now();
    const deadline = options.deadline ?? start + this.#waitMs;
    for (;;) {
      const generations = await this.#generations(options);
      const current = generations[0];
      if (!current || this.#isFree(current)) {
        const claimed = await this.#claim((current?.number ?? 0) + 1, claim, options);
        if (claimed) return claimed;
      }
      if (Date.now() + this.#pollMs > deadline)
        throw new TimeoutError(Date.now() - start, { operation: OPERATION });
      await sleep(this.#pollMs * (0.5 + Math.random()), systemClock, options.signal);
    }
  }

  #isFree({ comment, leaseMs, silentMs }: Generation): boolean {
    return comment === RELEASED || silentMs > leaseMs + ROUNDING_MS + MARGIN_MS;
  }

  /** Returns the generation when it is ours; undefined when another process was faster. Throws any other failure. */
  async #claim(number: number, claim: string, options: CallOptions): Promise<number | undefined> {
    const failure = await this.#server
      .command(
        OPERATION,
        `CREATE TABLE {database:Identifier}.{lock:Identifier} (nothing UInt8) ENGINE = Null COMMENT '${claim}'`,
        this.#named(number),
        options,
      )
      .catch((error: unknown) => error);
    const generations = await this.#generations(options);
    const claimed = generations.find((generation) => generation.number === number);
    const isOurs = claimed?.comment === claim;
    if (failure && !isOurs && !(generations[0] && generations[0].number >= number)) throw failure;
    if (!isOurs) return undefined;
    if (claimed !== generations[0]) {
      await this.#drop(number, options);
      return undefined;
    }
    for (const old of generations.slice(1)) await this.#drop(old.number, options);
    return number;
  }

  async #beat(generation: number, claim: string, stopped: AbortSignal): Promise<void> {
    for (let beat = 1; !stopped.aborted; beat++) {
      await sleep(this.#leaseMs / 5, systemClock, stopped).catch(() => undefined);
      if (!stopped.aborted)
        await this.#setComment(generation, `${claim}, beat ${beat}`).catch(ignoreDatabaseError);
    }
  }

  async #confirm(generation: number, version: number, options: CallOptions): Promise<void> {
    const [current] = await this.#generations(options);
    if (current?.number === generation && current.silentMs < this.#leaseMs + ROUNDING_MS) return;
    const reason = current?.number === generation ? 'its heartbeat failed' : 'another process took it over';
    throw new MigrationError(version, `the lock was lost: ${reason}`, {
      operation: 'schema.migrate',
      retryable: true,
    });
  }

  /** Returns all generations, highest first. */
  async #generations(options: CallOptions): Promise<Generation[]> {
    return this.#server.rows<Generation>(
      OPERATION,
      `SELECT toUInt32(extract(name, '\\\\d+$')) AS number, comment,
         toUInt32OrZero(extract(comment, '^held for ([0-9]+) ms')) AS leaseMs,
         toFloat64(dateDiff('millisecond', metadata_modification_time, now64(3))) AS silentMs
       FROM system.tables
       WHERE database = {database:String} AND match(name, '^schema_migrations_lock_\\\\d+$')
       ORDER BY number DESC`,
      { database: this.#database },
      options,
    );
  }

  async #setComment(generation: number, comment: string): Promise<void> {
    await this.#server.command(
      OPERATION,
      `ALTER TABLE {database:Identifier}.{lock:Identifier} MODIFY COMMENT '${comment}'`,
      this.#named(generation),
    );
  }

  async #drop(generation: number, options: CallOptions): Promise<void> {
    await this.#server.command(
      OPERATION,
      'DROP TABLE IF EXISTS {database:Identifier}.{lock:Identifier} SYNC',
      this.#named(generation),
      options,
    );
  }

  #named(generation: number) {
    return { database: this.#database, lock: `schema_migrations_lock_${generation}` };
  }
}

/**
 * Works while several locks are held. All processes have to give them in one order, so that no two wait for each other.
 */
export function withLocks<T>(
  locks: readonly MigrationLock[],
  options: CallOptions,
  work: (leases: readonly MigrationLease[]) => Promise<T>,
): Promise<T> {
  const lockNext = (leases: readonly MigrationLease[]): Promise<T> => {
    const next = locks[leases.length];
    return next ? next.run(options, (lease) => lockNext([...leases, lease])) : work(leases);
  };
  return lockNext([]);
}

/** `confirm` notices a failed beat as silence; after a failed release other processes wait for the end of the lease. */
function ignoreDatabaseError(error: unknown): void {
  if (!isDatabaseError(error)) throw error;
}
