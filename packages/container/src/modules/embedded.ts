import { createHash } from 'node:crypto';
import { connectClickHouse } from '@quantumtrade/dal-clickhouse';
import type {
  AuditConfig,
  ClickHouseConfig,
  EmbeddedConfig,
  RedisConfig,
  WriterConfig,
} from '@quantumtrade/dal-config';
import type { CacheBackend, TimeSource } from '@quantumtrade/dal-domain';
import { memoryCacheBackend } from '@quantumtrade/dal-memory';
import { connectRedis } from '@quantumtrade/dal-redis';
import { ContainerModule } from 'inversify';
import { closable, closableBackend, closePart } from '../closing.js';
import type { EmbeddedEngine } from '../embedded-engine.js';
import { startEmbeddedEngine } from '../embedded-engine.js';
import { TOKENS } from '../tokens.js';
import { bindAuditTrail } from './audit.js';
import { clickHouseSettings, fileWriting, insertLimits } from './clickhouse-redis.js';
import { memoryWriting } from './memory.js';
import { redisName, redisSettings } from './redis-settings.js';

const REDIS_ANSWERS_WITHIN_MS = 1_000;

/**
 * No server installed: a real ClickHouse engine started in place, which ends with this process, and the configured
 * Redis if it answers, else the memory cache. `embedded.dataDirectory` undefined means a temporary one; then
 * what batch writers keep outside the store is temporary, too. Needs the package
 * `@quantumtrade/dal-clickhouse-embedded`, which is installed separately.
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
        (engine: EmbeddedEngine, clock: TimeSource) => {
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
        ({ dataDirectory }: EmbeddedEngine) =>
          redisIfItAnswers({ ...config.redis, keyPrefix: config.redis.keyPrefix || prefixOf(dataDirectory) }),
        [TOKENS.EmbeddedClickHouse],
      )
      .inSingletonScope()
      .onDeactivation(closePart);
    bind(TOKENS.CacheBackend)
      .toResolvedValue(
        (redis: CacheBackend | undefined, clock: TimeSource) =>
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
        (engine: EmbeddedEngine, redis: CacheBackend | undefined) => ({
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

async function startEngine(dataDirectory: string | undefined): Promise<EmbeddedEngine> {
  const engine = await startEmbeddedEngine(dataDirectory);
  return closable(engine, () => engine.stop());
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
