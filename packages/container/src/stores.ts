import { createHash } from 'node:crypto';
import type { WriterSetup } from '@quantumtrade/dal';
import { fileWriterStorage } from '@quantumtrade/dal';
import { connectClickHouse } from '@quantumtrade/dal-clickhouse';
import type { ClickHouseConfig, DalConfig, RedisConfig, WriterConfig } from '@quantumtrade/dal-config';
import type { CacheBackend, TimeSeriesBackend, TimeSource } from '@quantumtrade/dal-domain';
import { memoryCacheBackend, memoryDeadLetters, memoryTimeSeries } from '@quantumtrade/dal-memory';
import { connectRedis } from '@quantumtrade/dal-redis';
import type { BlockArchive, ReadBackupCondition } from '@quantumtrade/dal-domain/operations';
import { startEmbeddedEngine, type EmbeddedEngine } from './embedded-engine.js';
import { openObjectServices, type ObjectServices, type ObjectServicesConfig } from './object-services.js';
import { redisName, redisSettings } from './redis-settings.js';
import { tlsSettings } from './tls-settings.js';

/** Display names of the parts of a data layer. */
export interface BackendNames {
  /** E.g. `ClickHouse at http://127.0.0.1:8123`. */
  timeSeries: string;
  /** E.g. `Redis at redis://127.0.0.1:6379` or `memory`. */
  cache: string;
}

/** The stores under a data layer, and what closes them all. */
export interface Stores {
  readonly timeSeries: TimeSeriesBackend;
  readonly cache: CacheBackend;
  readonly writing: WriterSetup;
  readonly names: BackendNames;
  /** Archive of the blocks that the time-series store takes. */
  readonly archive?: BlockArchive | undefined;
  /** Looks at the backups in the configured object store. */
  readonly backupCondition?: ReadBackupCondition | undefined;
  /** The engine that was started for the `embedded` backend. */
  readonly engine?: EmbeddedEngine;
  close(): Promise<void>;
}

/** Without `retention`, rows are kept as they are. */
export type ServersConfig = Pick<DalConfig, 'clickhouse' | 'redis' | 'writer'> &
  Partial<Pick<DalConfig, 'retention'>> &
  ObjectServicesConfig;
export type MemoryConfig = { readonly writer?: Pick<WriterConfig, 'maxFutureSkewMs'> };
/** Without `embedded.dataDirectory`, the data directory is temporary, and so is what batch writers keep outside the store. */
export type EmbeddedStoresConfig = ServersConfig & {
  readonly embedded: { readonly dataDirectory?: string | undefined };
};

const REDIS_ANSWERS_WITHIN_MS = 1_000;

/** Opens ClickHouse and Redis servers. They are connected to on first use. */
export function openServers(config: ServersConfig, clock: TimeSource): Stores {
  const { clickhouse, redis, writer } = config;
  const objects = openObjectServices(config, clickhouse.database);
  const options = clickHouseOptions(config, clock, objects);
  const timeSeries = connectClickHouse(clickHouseSettings(clickhouse), options);
  const cache = connectRedis(redisSettings(redis));
  return {
    timeSeries,
    cache,
    writing: { ...fileWriting(writer), ...insertLimits(clickhouse) },
    names: { timeSeries: clickHouseName(clickhouse), cache: redisName(redis) },
    archive: objects?.archive,
    backupCondition: objects?.backupCondition,
    close: () => closeProbes(timeSeries, cache).finally(() => objects?.close()),
  };
}

/** Starts the embedded engine, and opens the configured Redis if it answers, else the memory cache. */
export async function openEmbedded(config: EmbeddedStoresConfig, clock: TimeSource): Promise<Stores> {
  const { clickhouse, redis, writer, embedded } = config;
  const engine = await startEmbeddedEngine(embedded.dataDirectory);
  const { url, username, password } = engine;
  const settings = {
    ...clickHouseSettings(clickhouse),
    url,
    endpoints: [],
    tls: undefined,
    username,
    password,
  };
  const objects = openObjectServices(config, clickhouse.database);
  const timeSeries = connectClickHouse(settings, clickHouseOptions(config, clock, objects));
  const answering = await redisIfItAnswers({
    ...redis,
    keyPrefix: redis.keyPrefix || prefixOf(engine.dataDirectory),
  });
  const cache = answering ?? memoryCacheBackend({ clock });
  const writing = embedded.dataDirectory === undefined ? memoryWriting() : fileWriting(writer);
  return {
    timeSeries,
    cache,
    writing: { ...writing, ...insertLimits(clickhouse) },
    names: {
      timeSeries: `embedded ClickHouse at ${url}`,
      cache: answering ? redisName(redis) : 'memory (no Redis answered)',
    },
    engine,
    archive: objects?.archive,
    backupCondition: objects?.backupCondition,
    async close() {
      await closeProbes(timeSeries, cache)
        .finally(() => objects?.close())
        .finally(() => engine.stop());
    },
  };
}

/** Opens stores in this process's memory: for unit tests and dry runs. */
export function openMemory({ writer }: MemoryConfig, clock: TimeSource): Stores {
  const timeSeries = memoryTimeSeries({ clock, maxFutureSkewMs: writer?.maxFutureSkewMs });
  const cache = memoryCacheBackend({ clock });
  return {
    timeSeries,
    cache,
    writing: memoryWriting(),
    names: { timeSeries: 'memory', cache: 'memory' },
    close: () => closeProbes(timeSeries, cache),
  };
}

/** Keeps the journal, dead letters and the transaction log in a directory. */
export const fileWriting = ({ directory, durability }: WriterConfig): WriterSetup => ({
  storage: fileWriterStorage(directory),
  durability,
});

/** Keeps dead letters in memory, and no journal. */
const memoryWriting = (): WriterSetup => ({
  storage: { deadLetters: memoryDeadLetters(), openJournal: () => Promise.resolve(undefined) },
});

const clickHouseName = ({ url, endpoints }: ClickHouseConfig): string =>
  `ClickHouse at ${endpoints.length === 0 ? url : endpoints.map((each) => each.url).join(', ')}`;

/** Returns the adapter's settings. Files of TLS are read only here. */
export const clickHouseSettings = ({ tls, ...config }: ClickHouseConfig) => ({
  ...config,
  tls: tls && tlsSettings('clickhouse', tls),
});

/** Returns the limits of direct inserts for batch writers, transactions and replays. */
const insertLimits = ({ retry, maxInsertBlockSize }: ClickHouseConfig) => ({
  retry,
  maxRows: maxInsertBlockSize,
});

const clickHouseOptions = (
  { writer, retention }: ServersConfig,
  clock: TimeSource,
  objects: ObjectServices | undefined,
) => ({
  clock,
  maxFutureSkewMs: writer.maxFutureSkewMs,
  retention,
  archive: objects?.archive,
});

async function closeProbes(...backends: readonly (TimeSeriesBackend | CacheBackend)[]): Promise<void> {
  await Promise.all(backends.map(({ probe }) => probe.close()));
}

/** Returns a prefix that keeps the values of one engine apart from those of others in the same Redis. */
const prefixOf = (dataDirectory: string): string =>
  `embedded:${createHash('sha256').update(dataDirectory).digest('hex').slice(0, 12)}:`;

async function redisIfItAnswers(config: RedisConfig): Promise<CacheBackend | undefined> {
  const redis = connectRedis(redisSettings(config));
  try {
    await redis.probe.ping({ deadline: Date.now() + REDIS_ANSWERS_WITHIN_MS });
    return redis;
  } catch {
    await redis.probe.close();
    return undefined;
  }
}
