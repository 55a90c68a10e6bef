/** Process that reads through a cache and checks the results until SIGTERM, and prints its findings. */
import { once } from 'node:events';
import { CoherentCache } from '@quantumtrade/dal-cache';
import type { RedisSettings } from '@quantumtrade/dal-redis';
import { connectRedis } from '@quantumtrade/dal-redis';
import { Random } from '@quantumtrade/dal-testing';
import { Redis } from 'ioredis';
import { CheckedReader } from './checked-reader.js';
import { VERSIONS } from './cache-keys.js';
import { StalenessOracle } from './staleness-oracle.js';

/** Argument of the process, as JSON. */
export interface ReaderOptions {
  readonly settings: RedisSettings;
  readonly stalenessBoundMs: number;
  readonly databaseUrl: string;
  readonly name: string;
  readonly seed: number;
}

const USERS = 6;
const BUDGET_MS = 100;
const LOAD_TIMEOUT_MS = 10_000;
/** A call waits for another's load, then loads itself, with a second-level read before each. */
const PATIENCE_MS = 2 * (LOAD_TIMEOUT_MS + BUDGET_MS);

const { settings, stalenessBoundMs, databaseUrl, name, seed } = JSON.parse(process.argv[2]!) as ReaderOptions;
const random = new Random(seed);
const terminated = once(process, 'SIGTERM');
const options = {
  loadTimeoutMs: LOAD_TIMEOUT_MS,
  onceInCluster: Number(name) % 2 === 1,
  eagerRefreshAt: 0.5,
  jitter: 0.5,
  staleWhileRevalidateMs: random.chance(0.5) ? 500 : 0,
  negativeTtlMs: random.chance(0.5) ? 500 : 0,
};

const database = new Redis(databaseUrl, { retryStrategy: () => null });
database.on('error', () => undefined).on('end', () => process.exit());
const backend = connectRedis(settings);
const cache = new CoherentCache(backend, {
  budgetMs: BUDGET_MS,
  breaker: { openMs: 20 },
  random: () => random.next(),
});
const versions = cache.keyspace(VERSIONS, options);
/** Listens after the cache, so that it is notified after the cache. */
const oracle = new StalenessOracle(name, database);
backend.invalidations.listen(oracle);

const reader = new CheckedReader(versions, { oracle, database, random, patienceMs: PATIENCE_MS });
let isOver = false;
const users = Array.from({ length: USERS }, () => reader.run(() => isOver));
const watching = oracle.watch(stalenessBoundMs, () => isOver);
await terminated;
isOver = true;
await Promise.all([...users, watching]);
await reader.checkAtRest();
console.log(JSON.stringify({ ...reader.findings, options, stats: cache.stats() }));
cache.close();
await backend.probe.close();
database.disconnect();
