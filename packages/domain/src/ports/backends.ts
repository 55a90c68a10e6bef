import type { Analytics } from './analytics.js';
import type { BackupBackend } from './backup.js';
import type { BlockWriter } from './block-writer.js';
import type { CacheInvalidations } from './cache-invalidations.js';
import type { Cache } from './cache.js';
import type { CheckpointRepository } from './checkpoint.js';
import type { CopyController } from './copies.js';
import type { GuaranteeInspector } from './guarantees.js';
import type { MarketStream } from './market-stream.js';
import type { BackendProbe } from './probe.js';
import type { QueryPlans } from './query-plans.js';
import type { RateLimiter } from './rate-limiter.js';
import type { RecordName } from '../records/records.js';
import type { RecordRepositories } from './record-repositories.js';
import type { SchemaController } from './schema.js';
import type { StorageController } from './storage.js';

/**
 * Ports of a time-series store: the repository of each record under its name, and the ports that serve all records.
 *
 * Every method checks in this order and fails with the first error: its options, whether the call is over, whether the store
 * is closed (`ConnectionError`, not retryable), its input (`ValidationError`), and then, if it needs the tables, whether they
 * exist (`QueryError`).
 */
export interface TimeSeriesBackend extends RecordRepositories {
  readonly analytics: Analytics;
  readonly backups: BackupBackend;
  readonly blocks: BlockWriter;
  readonly checkpoints: CheckpointRepository;
  readonly copies: CopyController;
  readonly queryPlans: QueryPlans;
  readonly schema: SchemaController;
  readonly storage: StorageController;
  readonly guarantees: GuaranteeInspector;
  readonly probe: BackendProbe;
  /** Returns what was stored since the backend was opened, by record. @default none: it is not counted */
  readonly ingested?: () => readonly IngestedRows[];
}

/** Rows of one record that a store has confirmed as stored, those of repeated writes included. */
export interface IngestedRows {
  readonly record: RecordName;
  readonly rows: number;
  /** Encoded bytes of the rows, as they were sent. */
  readonly bytes: number;
}

/** Ports of a cache and real-time store. */
export interface CacheBackend {
  readonly cache: Cache;
  readonly invalidations: CacheInvalidations;
  readonly marketStream: MarketStream;
  readonly rateLimiter: RateLimiter;
  /** Time limit of a call without a deadline, in milliseconds. Undefined where calls do not wait. */
  readonly budgetMs?: number;
  /** Returns whether the cache has a value of a key. Undefined where that takes a call to a server. */
  readonly holds?: ((key: string) => boolean) | undefined;
  readonly probe: BackendProbe;
}
