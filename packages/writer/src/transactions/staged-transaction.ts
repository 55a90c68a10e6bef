import type {
  BlockCollector,
  BlockWriter,
  FeatureBatch,
  MarketDataBatch,
  PredictionBatch,
  RecordBatches,
  RecordName,
} from '@quantumtrade/dal-domain';
import {
  affectedKeys,
  encodeCacheValue,
  requireKey,
  requireTtlMs,
  requireUnreserved,
  toFeatureBatches,
  ValidationError,
} from '@quantumtrade/dal-domain';
import { StagedRowsError } from './transaction-error.js';
import type { CacheChange, TransactionRecord } from './transaction-record.js';

/**
 * Writes that are committed together. Each call checks and encodes its arguments and sends nothing; reads do not see them.
 * A call that throws ends the transaction, even if the error is caught: it will not be committed.
 */
export interface Transaction {
  /**
   * Stages all rows of a batch.
   * @throws ValidationError (`StagedRowsError`) naming record, index, field and reason when any row is wrong
   */
  insert<N extends RecordName>(record: N, batch: RecordBatches[N]): void;
  insertMarketData(batch: MarketDataBatch): void;
  insertFeatures(batches: FeatureBatch | readonly FeatureBatch[]): void;
  insertPredictions(batch: PredictionBatch): void;
  /**
   * Stages a cache value that lives for `ttlSeconds` from the commit on. Of several changes of one key the last one counts.
   * @throws ValidationError when the key or the JSON value is not valid, or the key is one of sessions or auth contexts
   */
  cacheSet(key: string, value: unknown, ttlSeconds: number): void;
  cacheDelete(key: string): void;
}

const OPERATION = 'transaction';

export class StagedTransaction implements Transaction {
  readonly #blocks: BlockWriter;
  readonly #collectors = new Map<RecordName, BlockCollector<RecordName>>();
  readonly #affectedKeys = new Set<string>();
  readonly #cacheChanges = new Map<string, CacheChange>();
  #failure: { error: unknown } | undefined;
  #ended = false;

  constructor(blocks: BlockWriter) {
    this.#blocks = blocks;
  }

  insert<N extends RecordName>(record: N, batch: RecordBatches[N]): void {
    this.#stage(() => {
      const { errors } = this.#collector(record).append(batch);
      if (errors.length > 0) throw new StagedRowsError(record, errors);
      for (const key of affectedKeys(record, batch)) this.#affectedKeys.add(key);
    });
  }

  insertMarketData(batch: MarketDataBatch): void {
    this.insert('marketData', batch);
  }

  insertFeatures(batches: FeatureBatch | readonly FeatureBatch[]): void {
    this.insert('features', toFeatureBatches(batches));
  }

  insertPredictions(batch: PredictionBatch): void {
    this.insert('predictions', batch);
  }

  cacheSet(key: string, value: unknown, ttlSeconds: number): void {
    this.#stage(() => {
      const ttlMs = requireTtlMs(ttlSeconds, OPERATION);
      requireGeneralKey(key);
      this.#cacheChanges.set(key, { key, json: encodeCacheValue(value, OPERATION), ttlMs });
    });
  }

  cacheDelete(key: string): void {
    this.#stage(() => {
      requireGeneralKey(key);
      this.#cacheChanges.set(key, { key });
    });
  }

  /** Refuses every further call. */
  end(): void {
    this.#ended = true;
  }

  /** Returns everything that was staged. Throws the error of a call that failed. */
  finish(at: number): TransactionRecord {
    if (this.#failure) throw this.#failure.error;
    const collected = [...this.#collectors.values()].flatMap((collector) => collector.finish());
    return {
      at,
      blocks: collected.map(({ record, id, rowCount, bytes }) => ({ record, id, rowCount, bytes })),
      cacheChanges: [...this.#cacheChanges.values()],
      affectedKeys: [...this.#affectedKeys].filter((key) => !this.#cacheChanges.has(key)),
    };
  }

  #stage(stage: () => void): void {
    if (this.#ended) throw new ValidationError(OPERATION, 'has ended', { operation: OPERATION });
    try {
      stage();
    } catch (error) {
      this.#failure ??= { error };
      throw error;
    }
  }

  #collector<N extends RecordName>(record: N): BlockCollector<N> {
    let collector = this.#collectors.get(record);
    if (!collector) this.#collectors.set(record, (collector = this.#blocks.collect<RecordName>(record)));
    return collector as BlockCollector<N>;
  }
}

function requireGeneralKey(key: string): void {
  requireKey(key, OPERATION);
  requireUnreserved(key, OPERATION);
}
