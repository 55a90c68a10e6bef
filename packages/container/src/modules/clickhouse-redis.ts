import type { Writing } from '@quantumtrade/dal';
import { fileWriterStorage } from '@quantumtrade/dal';
import { connectClickHouse } from '@quantumtrade/dal-clickhouse';
import type { AuditConfig, ClickHouseConfig, RedisConfig, WriterConfig } from '@quantumtrade/dal-config';
import type { TimeSource } from '@quantumtrade/dal-domain';
import { connectRedis } from '@quantumtrade/dal-redis';
import { ContainerModule } from 'inversify';
import { closableBackend, closePart } from '../closing.js';
import { TOKENS } from '../tokens.js';
import { bindAuditTrail } from './audit.js';
import { redisName, redisSettings } from './redis-settings.js';

/** Servers of one's own: ClickHouse for time series, Redis for the cache. Connects on first use. */
export function clickHouseRedisModule(config: {
  clickhouse: ClickHouseConfig;
  redis: RedisConfig;
  writer: WriterConfig;
  audit?: AuditConfig | undefined;
}): ContainerModule {
  return new ContainerModule((options) => {
    const { bind } = options;
    bindAuditTrail(options, config.audit);
    bind(TOKENS.TimeSeriesBackend)
      .toResolvedValue(
        (clock: TimeSource) =>
          closableBackend(
            connectClickHouse(clickHouseSettings(config.clickhouse), {
              clock,
              maxFutureSkewMs: config.writer.maxFutureSkewMs,
            }),
          ),
        [TOKENS.Clock],
      )
      .inSingletonScope()
      .onDeactivation(closePart);
    bind(TOKENS.CacheBackend)
      .toResolvedValue(() => closableBackend(connectRedis(redisSettings(config.redis))))
      .inSingletonScope()
      .onDeactivation(closePart);
    bind(TOKENS.Writing).toConstantValue({
      ...fileWriting(config.writer),
      ...insertLimits(config.clickhouse),
    });
    bind(TOKENS.BackendNames).toConstantValue({
      timeSeries: `ClickHouse at ${config.clickhouse.url}`,
      cache: redisName(config.redis),
    });
  });
}

export const fileWriting = ({ directory, durability }: WriterConfig): Writing => ({
  storage: fileWriterStorage(directory),
  durability,
});

/** What the settings of direct inserts mean for batch writers, transactions and replays. */
export const insertLimits = ({ retry, maxInsertBlockSize }: ClickHouseConfig) => ({
  retry,
  maxRows: maxInsertBlockSize,
});

/** The adapter's settings: the password is revealed here and nowhere else. */
export const clickHouseSettings = (config: ClickHouseConfig) => ({
  ...config,
  password: config.password?.reveal() ?? '',
});
