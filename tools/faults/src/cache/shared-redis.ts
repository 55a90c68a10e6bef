import type { RedisSettings } from '@quantumtrade/dal-redis';
import type { Random } from '@quantumtrade/dal-testing';
import type { CacheWrites } from './writer.js';

/** The Redis that processes share, however many servers it takes. */
export interface SharedRedis {
  /** How late a process may be told of a change, if it is told at all. */
  readonly boundMs: number;
  /** What the process of this number is to connect with. */
  settingsOf(process: number): RedisSettings;
  /** Another client. */
  writes(random: Random): Promise<CacheWrites>;
  stop(): Promise<void>;
}
