import type { RedisSettings } from '@quantumtrade/dal-redis';
import type { Random } from '@quantumtrade/dal-testing';
import type { CacheClient } from './cache-writer.js';

/** The Redis shared by all processes: one server or several. */
export interface SharedRedis {
  /** Staleness bound: how late a process may be notified of a change. */
  readonly stalenessBoundMs: number;
  /** Returns the connection settings of one process. */
  settingsOf(process: number): RedisSettings;
  /** Returns a client that writes. */
  client(random: Random): Promise<CacheClient>;
  stop(): Promise<void>;
}
