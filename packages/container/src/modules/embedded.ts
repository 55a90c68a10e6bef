import { createHash } from 'node:crypto';
import { connectClickHouse } from '@quantumtrade/dal-clickhouse';
import type { EmbeddedClickHouse } from '@quantumtrade/dal-clickhouse-embedded';
import { startEmbeddedClickHouse } from '@quantumtrade/dal-clickhouse-embedded';
import type {
  AuditConfig,
  ClickHouseConfig,
  EmbeddedConfig,
  RedisConfig,
  WriterConfig,
} from '@quantumtrade/dal-config';
import type { CacheBackend, Clock } from '@quantumtrade/dal-domain';
import { ConnectionError } from '@quantumtrade/dal-domain';
import { memoryCacheBackend } from '@quantumtrade/dal-memory';
import { connectRedis } from '@quantumtrade/dal-redis';
import { ContainerModule } from 'inversify';
import { closable, closableBackend, closePart } from '../closing.js';
import { TOKENS } from '../tokens.js';
import { bindAuditTrail } from './audit.js';
import { clickHouseSettings, fileWriting, insertLimits } from './clickhouse-redis.js';
import { memoryWriting } from './memory.js';
import { redisName, redisSettings } from './redis-settings.js';

const REDIS_ANSWERS_WITHIN_MS = 1_000;

/**
 * No server installed: a real ClickHouse engine started in place, which ends with this process, and the configured
 * Redis if it answers, else the memory cache. `embedded.dataDirectory` undefined means a temporary one; then
 * what batch writers keep outside the store is temporary, too.
 */
export function embeddedModule(config: {
  clickhouse: ClickHouseConfig;
  redis: RedisConfig;
  embedded: Partial<EmbeddedConfig>;
  writer: WriterConfig;
  audit?: AuditConfig | undefined;
}): ContainerModule {
  return new ContainerModule((options) => {
    const { bind } = options;
    bindAuditTrail(options, config.audit);
    bind(TOKENS.EmbeddedClickHouse)
      .toResolvedValue(() => startEngine(config.embedded.dataDirectory))
      .inSingletonScope()
      .onDeactivation(closePart);
    bind(TOKENS.TimeSeriesBackend)
      .toResolvedValue(
        (engine: EmbeddedClickHouse, clock: Clock) => {
          const { url, username, password } = engine;
          const settings = { ...clickHouseSettings(config.clickhouse), url, username, password };
          return closableBackend(
            connectClickHouse(settings, { clock, maxFutureSkewMs: config.writer.maxFutureSkewMs }),
            [engine],
          );
        },
        [TOKENS.EmbeddedClickHouse, TOKENS.Clock],
      )
      .inSingletonScope()
      .onDeactivation(closePart);
    bind<CacheBackend | undefined>(REDIS_IF_ANY)
      // Asked once the engine is there: where that fails, no connection is left behind.
      .toResolvedValue(
        ({ dataDirectory }: EmbeddedClickHouse) =>
          redisIfItAnswers({ ...config.redis, keyPrefix: config.redis.keyPrefix || prefixOf(dataDirectory) }),
        [TOKENS.EmbeddedClickHouse],
      )
      .inSingletonScope()
      .onDeactivation(closePart);
    bind(TOKENS.CacheBackend)
      .toResolvedValue(
        (redis: CacheBackend | undefined, clock: Clock) =>
          redis ?? closableBackend(memoryCacheBackend({ clock })),
        [REDIS_IF_ANY, TOKENS.Clock],
      )
      .inSingletonScope()
      .onDeactivation(closePart);
    bind(TOKENS.Writing).toConstantValue({
      ...(config.embedded.dataDirectory === undefined ? memoryWriting() : fileWriting(config.writer)),
      ...insertLimits(config.clickhouse),
    });
    bind(TOKENS.BackendNames)
      .toResolvedValue(
        (engine: EmbeddedClickHouse, redis: CacheBackend | undefined) => ({
          timeSeries: `embedded ClickHouse at ${engine.url}`,
          cache: redis ? redisName(config.redis) : 'memory (no Redis answered)',
        }),
        [TOKENS.EmbeddedClickHouse, REDIS_IF_ANY],
      )
      .inSingletonScope();
  });
}

const REDIS_IF_ANY = Symbol('RedisIfAny');

/** Another engine's values in the same Redis are not this one's. */
const prefixOf = (dataDirectory: string): string =>
  `embedded:${createHash('sha256').update(dataDirectory).digest('hex').slice(0, 12)}:`;

async function startEngine(dataDirectory: string | undefined): Promise<EmbeddedClickHouse> {
  try {
    const engine = await startEmbeddedClickHouse({ dataDirectory });
    return closable(engine, () => engine.stop());
  } catch (error) {
    const reason = `the embedded ClickHouse did not start: ${(error as Error).message}`;
    throw new ConnectionError(reason, { operation: 'embedded.start', retryable: false, cause: error });
  }
}

async function redisIfItAnswers(config: RedisConfig): Promise<CacheBackend | undefined> {
  const redis = closableBackend(connectRedis(redisSettings(config)));
  try {
    await redis.probe.ping({ deadline: Date.now() + REDIS_ANSWERS_WITHIN_MS });
    return redis;
  } catch {
    await redis.probe.close();
    return undefined;
  }
}
