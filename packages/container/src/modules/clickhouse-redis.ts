import type { Writing } from '@quantumtrade/dal';
import { fileWriterStorage } from '@quantumtrade/dal';
import { connectClickHouse } from '@quantumtrade/dal-clickhouse';
import type { ClickHouseConfig, RedisConfig, WriterConfig } from '@quantumtrade/dal-config';
import type { Clock } from '@quantumtrade/dal-domain';
import { connectRedis } from '@quantumtrade/dal-redis';
import { ContainerModule } from 'inversify';
import { TOKENS } from '../tokens.js';
import { redisName, redisSettings } from './redis-settings.js';

/** Servers of one's own: ClickHouse for time series, Redis for the cache. Connects on first use. */
export function clickHouseRedisModule(config: {
  clickhouse: ClickHouseConfig;
  redis: RedisConfig;
  writer: WriterConfig;
}): ContainerModule {
  return new ContainerModule(({ bind }) => {
    bind(TOKENS.TimeSeriesBackend)
      .toResolvedValue(
        (clock: Clock) => connectClickHouse(clickHouseSettings(config.clickhouse), { clock }),
        [TOKENS.Clock],
      )
      .inSingletonScope();
    bind(TOKENS.CacheBackend)
      .toResolvedValue(() => connectRedis(redisSettings(config.redis)))
      .inSingletonScope();
    bind(TOKENS.Writing).toConstantValue(fileWriting(config.writer));
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

/** The adapter's settings: the password is revealed here and nowhere else. */
export const clickHouseSettings = (config: ClickHouseConfig) => ({
  ...config,
  password: config.password?.reveal() ?? '',
});
