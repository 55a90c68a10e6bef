import type {
  BlockReceipt,
  BlockWriter,
  Cache,
  DeadLetterStore,
  TimeSource,
  TransactionLog,
} from '@quantumtrade/dal-domain';
import { isDatabaseError } from '@quantumtrade/dal-domain';
import { Backoff } from '@quantumtrade/dal-runtime';
import type { KnownBlock } from '../delivery/known-block.js';
import type { RetryOptions } from '../retry.js';
import { codeOf, delayAfter, isRefusal, isRetryable, messageOf } from '../retry.js';
import type { Timers } from '../timers.js';
import { sleep, untilAborted } from '../timers.js';
import type { FailedCacheChange, RefusedBlock } from './transaction-error.js';
import { TransactionError } from './transaction-error.js';
import type { CacheChange, TransactionRecord } from './transaction-record.js';
import { decodeTransaction } from './transaction-record.js';

/** The cache that transactions change, and that follows their writes to the store. */
export interface TransactionCache {
  readonly cache: Pick<Cache, 'set' | 'delete'>;
  /** Writes to the store, and invalidates the cached values of the keys, also after a failure. */
  write<R>(keys: readonly string[], write: () => Promise<R>): Promise<R>;
}

export interface ApplierParts {
  readonly blocks: BlockWriter;
  readonly through: TransactionCache;
  readonly deadLetters?: DeadLetterStore;
  readonly clock: TimeSource;
  readonly timers: Timers;
  readonly retry?: RetryOptions;
}

/** What became of an applied transaction: rows that lost to a newer version, and what did not happen and never will. */
export interface Applied {
  readonly supersededCount: number;
  readonly refused: readonly RefusedBlock[];
  readonly failedCacheChanges: readonly FailedCacheChange[];
}

/** One caller, waiting for its transaction. */
interface Waiting {
  readonly outcome: Promise<Applied>;
  resolve(applied: Applied): void;
  reject(error: unknown): void;
}

/**
 * Applies what is in the log, one transaction after the other. A step that fails is tried again, with the same bytes,
 * until it succeeds or the applier is stopped; every step may be made twice.
 */
export class Applier {
  readonly log: TransactionLog;
  readonly #parts: ApplierParts;
  readonly #backoff: Backoff;
  readonly #stop = new AbortController();
  readonly #waiting = new Map<string, Waiting>();
  readonly #ended: Promise<void>;
  /** Why the first transaction of the log is not applied yet, after an attempt. */
  delayedBy: unknown;

  constructor(log: TransactionLog, parts: ApplierParts) {
    this.log = log;
    this.#parts = parts;
    this.#backoff = new Backoff(parts.retry);
    this.#ended = this.#run();
  }

  /**
   * Calls back with the end of a transaction that is about to be committed, after which it will not be applied again.
   * Rejects before that when a failure does not look as if it would pass.
   */
  expect(id: string): { readonly outcome: Promise<Applied>; forget(): void } {
    let settle!: Omit<Waiting, 'outcome'>;
    const outcome = new Promise<Applied>((resolve, reject) => (settle = { resolve, reject }));
    // Whoever awaits it hears of a failure; nobody has to.
    outcome.catch(() => undefined);
    this.#waiting.set(id, { outcome, ...settle });
    return { outcome, forget: () => void this.#waiting.delete(id) };
  }

  /** Resolves when every transaction expected by now has ended, or is known to be stuck. */
  async settled(): Promise<void> {
    await Promise.allSettled([...this.#waiting.values()].map(({ outcome }) => outcome));
  }

  /** Ends at once; what is under way stays in the log. */
  async stop(): Promise<void> {
    this.#stop.abort();
    await this.#ended;
    for (const [id, { reject }] of this.#waiting) reject(this.#unapplied(id, 'the data layer was closed'));
  }

  async #run(): Promise<void> {
    const { signal } = this.#stop;
    while (!signal.aborted) {
      try {
        for await (const { id, payload, position } of this.log.read({ signal })) {
          const applied = await this.#apply(id, decodeTransaction(payload));
          await this.#persist(id, 'its end could not be kept', () => this.log.advance(position));
          this.#waiting.get(id)?.resolve(applied);
          this.#waiting.delete(id);
        }
        return;
      } catch (error) {
        if (signal.aborted) return;
        await this.#delay(error).catch(() => undefined);
      }
    }
  }

  /** The read-through cache follows as after any other write. */
  #apply(id: string, record: TransactionRecord): Promise<Applied> {
    return this.#parts.through.write(record.touchedKeys, () => this.#applyAll(id, record));
  }

  async #applyAll(id: string, { at, blocks, cacheChanges, touchedKeys }: TransactionRecord) {
    const refused: RefusedBlock[] = [];
    let supersededCount = 0;
    for (const block of blocks) {
      const what = `${block.rowCount} rows of ${block.record} were not stored`;
      const end = await this.#persist(id, what, () =>
        this.#write({ ...block, touchedKeys, transactionId: id }),
      );
      if ('reason' in end) refused.push(end);
      else supersededCount += end.superseded?.length ?? 0;
    }
    const changes = await this.#persist(id, 'its cache keys were not changed', () =>
      allOf(cacheChanges.map((change) => this.#change(change, at))),
    );
    return {
      supersededCount,
      refused,
      failedCacheChanges: changes.filter((failure) => failure !== undefined),
    };
  }

  /** The rows have the versions that were drawn when they were staged: a write since then may be newer. */
  async #write(block: KnownBlock): Promise<RefusedBlock | BlockReceipt> {
    const { blocks, deadLetters, clock } = this.#parts;
    const { signal } = this.#stop;
    try {
      const findSuperseded = this.#waiting.has(block.transactionId!);
      return await blocks.write(block, { signal, findSuperseded });
    } catch (error) {
      if (!deadLetters || signal.aborted || !isRefusal(error)) throw error;
      const reason = { code: codeOf(error), message: messageOf(error) };
      await deadLetters.add({ block, reason, at: clock.now() });
      return { record: block.record, blockId: block.id, rowCount: block.rowCount, reason: reason.message };
    }
  }

  /** Returns the failure of a change that the cache will never make. */
  async #change(change: CacheChange, at: number): Promise<FailedCacheChange | undefined> {
    const { through, clock } = this.#parts;
    const { cache } = through;
    const { signal } = this.#stop;
    const ttlMs = 'json' in change ? Math.min(change.ttlMs, at + change.ttlMs - clock.now()) : 0;
    try {
      if ('json' in change && ttlMs > 0) {
        await cache.set(change.key, JSON.parse(change.json), ttlMs / 1000, { signal });
      } else await cache.delete(change.key, { signal });
      return undefined;
    } catch (error) {
      if (signal.aborted || !isRefusal(error)) throw error;
      return { key: change.key, reason: messageOf(error) };
    }
  }

  async #persist<T>(id: string, what: string, step: () => Promise<T>): Promise<T> {
    const { signal } = this.#stop;
    for (;;) {
      try {
        const result = await untilAborted(Promise.resolve().then(step), signal);
        this.#backoff.reset();
        this.delayedBy = undefined;
        return result;
      } catch (error) {
        if (signal.aborted) throw error;
        if (!isRetryable(error)) {
          this.#waiting.get(id)?.reject(this.#unapplied(id, `${what} (${messageOf(error)})`, error));
        }
        await this.#delay(error);
      }
    }
  }

  async #delay(error: unknown): Promise<void> {
    this.delayedBy = error;
    await sleep(delayAfter(error, this.#backoff), this.#parts.timers, this.#stop.signal);
  }

  #unapplied(transactionId: string, reason: string, cause?: unknown): TransactionError {
    return new TransactionError(`it is committed and stays in the log to be applied: ${reason}`, {
      code: isDatabaseError(cause) ? cause.code : 'CONNECTION',
      transactionId,
      committed: true,
      cause,
    });
  }
}

/** Waits for all of them, then throws the first failure: nothing is under way when the next attempt begins. */
async function allOf<T>(changes: readonly Promise<T>[]): Promise<T[]> {
  return (await Promise.allSettled(changes)).map((change) => {
    if (change.status === 'rejected') throw change.reason;
    return change.value;
  });
}
