import type {
  BlockReceipt,
  BlockWriter,
  Cache,
  DeadLetterStore,
  TimeSource,
  TransactionLog,
} from '@quantumtrade/dal-domain';
import { isDatabaseError, joinWriteTokens } from '@quantumtrade/dal-domain';
import type { Clock } from '@quantumtrade/dal-runtime';
import { allOf, Backoff, Deadline, promiseTry, sleep } from '@quantumtrade/dal-runtime';
import type { AnnotatedBlock } from '../delivery/annotated-block.js';
import { attemptWrite, moveToDeadLetters } from '../delivery/block-delivery.js';
import type { RetryOptions } from '../retry.js';
import { delayAfter, isPermanent, isRetryable, messageOf } from '../retry.js';
import type { FailedCacheChange, RefusedBlock, TransactionErrorCode } from './transaction-error.js';
import { TransactionError } from './transaction-error.js';
import type { CacheChange, TransactionRecord } from './transaction-record.js';
import { decodeTransaction } from './transaction-record.js';

/** The cache that transactions change, and whose values are invalidated by their writes to the store. */
export interface TransactionCache {
  readonly cache: Pick<Cache, 'set' | 'delete'>;
  /** Writes to the store and invalidates the cached values of the keys, also after a failure. */
  write<R extends { readonly writeToken: string | null }>(
    keys: readonly string[],
    write: () => Promise<R>,
  ): Promise<R>;
}

export interface ApplierParts {
  readonly blocks: BlockWriter;
  readonly cache: TransactionCache;
  readonly deadLetters?: DeadLetterStore | undefined;
  /** Times of commits and of cached values. */
  readonly timeSource: TimeSource;
  /** Timers of retries and deadlines. */
  readonly clock: Clock;
  readonly retry?: RetryOptions | undefined;
}

/** Result of an applied transaction: rows that lost to a newer version, and changes that failed for good. */
export interface AppliedTransaction {
  readonly supersededCount: number;
  readonly writeToken: string | null;
  readonly refused: readonly RefusedBlock[];
  readonly failedCacheChanges: readonly FailedCacheChange[];
}

/** A caller that waits for its transaction. */
interface WaitingCaller {
  readonly outcome: Promise<AppliedTransaction>;
  resolve(applied: AppliedTransaction): void;
  reject(error: unknown): void;
}

/**
 * Applies the transactions of the log, one after the other. A step that fails is repeated, with the same bytes, until it
 * succeeds or the applier is stopped; every step may be made twice.
 */
export class TransactionApplier {
  readonly log: TransactionLog;
  readonly #parts: ApplierParts;
  readonly #backoff: Backoff;
  readonly #stop = new AbortController();
  readonly #waiting = new Map<string, WaitingCaller>();
  readonly #ended: Promise<void>;
  /** Error of the last attempt to apply the first transaction of the log; undefined when it succeeded. */
  delayedBy: unknown;

  constructor(log: TransactionLog, parts: ApplierParts) {
    this.log = log;
    this.#parts = parts;
    this.#backoff = new Backoff(parts.retry);
    this.#ended = this.#run();
  }

  /**
   * Registers a transaction that is about to be committed. `outcome` resolves when it is applied and removed from the log. It
   * rejects earlier when an error is not expected to pass.
   */
  expect(id: string): { readonly outcome: Promise<AppliedTransaction>; forget(): void } {
    let settle!: Omit<WaitingCaller, 'outcome'>;
    const outcome = new Promise<AppliedTransaction>((resolve, reject) => (settle = { resolve, reject }));
    // An unawaited rejection must not end the process.
    outcome.catch(() => undefined);
    this.#waiting.set(id, { outcome, ...settle });
    return { outcome, forget: () => void this.#waiting.delete(id) };
  }

  /** Resolves when every transaction registered by now is applied, or has failed with an error that is not expected to pass. */
  async settled(): Promise<void> {
    await Promise.allSettled([...this.#waiting.values()].map(({ outcome }) => outcome));
  }

  /** Stops immediately. Transactions that are not applied stay in the log. */
  async stop(): Promise<void> {
    this.#stop.abort();
    await this.#ended;
    for (const [id, { reject }] of this.#waiting) reject(notApplied(id, 'the data layer was closed'));
  }

  async #run(): Promise<void> {
    const { signal } = this.#stop;
    while (!signal.aborted) {
      try {
        for await (const { id, payload, position } of this.log.read({ signal })) {
          const applied = await this.#apply(id, decodeTransaction(payload));
          await this.#persist(id, 'the log could not be advanced', () => this.log.advance(position));
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

  #apply(id: string, record: TransactionRecord): Promise<AppliedTransaction> {
    return this.#parts.cache.write(record.affectedKeys, () => this.#applyAll(id, record));
  }

  async #applyAll(id: string, { at, blocks, cacheChanges, affectedKeys }: TransactionRecord) {
    const refused: RefusedBlock[] = [];
    let supersededCount = 0;
    const writeTokens: (string | null)[] = [];
    for (const block of blocks) {
      const failure = `${block.rowCount} rows of ${block.record} were not stored`;
      const stored = await this.#persist(id, failure, () =>
        this.#write({ ...block, affectedKeys, transactionId: id, acknowledgedAt: at }),
      );
      if ('reason' in stored) refused.push(stored);
      else {
        supersededCount += stored.superseded?.length ?? 0;
        writeTokens.push(stored.writeToken);
      }
    }
    const changes = await this.#persist(id, 'its cache keys were not changed', () =>
      allOf(cacheChanges.map((change) => this.#change(change, at))),
    );
    return {
      supersededCount,
      writeToken: joinWriteTokens(writeTokens),
      refused,
      failedCacheChanges: changes.filter((failure) => failure !== undefined),
    };
  }

  /** Writes a block. Its versions were drawn when the rows were staged, so that a write since then may be newer. */
  async #write(block: AnnotatedBlock): Promise<RefusedBlock | BlockReceipt> {
    const { blocks, deadLetters, timeSource } = this.#parts;
    const { signal } = this.#stop;
    try {
      const findSuperseded = this.#waiting.has(block.transactionId!);
      return await attemptWrite(blocks, block, { signal, findSuperseded });
    } catch (error) {
      if (!deadLetters || signal.aborted || !isPermanent(error)) throw error;
      await moveToDeadLetters({ deadLetters, clock: timeSource, emit: () => undefined }, block, error);
      const { record, id: blockId, rowCount } = block;
      return { record, blockId, rowCount, reason: messageOf(error) };
    }
  }

  /** Changes a cache key. Returns the failure of a change that the cache will never make. */
  async #change(change: CacheChange, at: number): Promise<FailedCacheChange | undefined> {
    const { timeSource } = this.#parts;
    const { cache } = this.#parts.cache;
    const { signal } = this.#stop;
    const ttlMs = 'json' in change ? Math.min(change.ttlMs, at + change.ttlMs - timeSource.now()) : 0;
    try {
      if ('json' in change && ttlMs > 0) {
        await cache.set(change.key, JSON.parse(change.json), ttlMs / 1000, { signal });
      } else await cache.delete(change.key, { signal });
      return undefined;
    } catch (error) {
      if (signal.aborted || !isPermanent(error)) throw error;
      return { key: change.key, reason: messageOf(error) };
    }
  }

  /** Repeats a step until it succeeds. */
  async #persist<T>(id: string, failure: string, step: () => Promise<T>): Promise<T> {
    const { signal } = this.#stop;
    for (;;) {
      try {
        const result = await new Deadline({ signal }).race(promiseTry(step));
        this.#backoff.reset();
        this.delayedBy = undefined;
        return result;
      } catch (error) {
        if (signal.aborted) throw error;
        if (!isRetryable(error)) {
          this.#waiting.get(id)?.reject(notApplied(id, `${failure} (${messageOf(error)})`, error));
        }
        await this.#delay(error);
      }
    }
  }

  async #delay(error: unknown): Promise<void> {
    this.delayedBy = error;
    await sleep(delayAfter(error, this.#backoff), this.#parts.clock, this.#stop.signal);
  }
}

const notApplied = (transactionId: string, reason: string, cause?: unknown): TransactionError =>
  new TransactionError(`is committed but not yet applied, and stays in the log: ${reason}`, {
    code: codeOf(cause),
    transactionId,
    committed: true,
    cause,
  });

function codeOf(cause: unknown): TransactionErrorCode {
  if (!isDatabaseError(cause)) return 'CONNECTION';
  return cause.code === 'VALIDATION' || cause.code === 'MIGRATION' ? 'QUERY' : cause.code;
}
