import type { ClickHouseSettings, RetrySettings } from '@quantumtrade/dal-clickhouse';
import type {
  ClickHouseConfig,
  RedisClusterConfig,
  RedisConfig,
  RedisSentinelConfig,
  RetryConfig,
  TlsConfig,
} from '@quantumtrade/dal-config';
import { defineConfig } from '@quantumtrade/dal-config';
import type { RedisClusterSettings, RedisSentinelSettings, RedisSettings } from '@quantumtrade/dal-redis';
import { clickHouseSettings } from './stores.js';
import { redisSettings } from './redis-settings.js';

/** Keys of a configuration without a setting of the adapter, which would have no effect. */
type Unused<Config, Settings> = Exclude<keyof Config, keyof Settings>;

/** Compiles only when there are none. TLS has files, whose content is passed to the adapter. */
const unused: readonly [
  Record<Unused<ClickHouseConfig, ClickHouseSettings>, never>,
  Record<Unused<RetryConfig, RetrySettings>, never>,
  Record<Unused<RedisConfig, RedisSettings>, never>,
  Record<Unused<RedisClusterConfig, RedisClusterSettings>, never>,
  Record<Unused<RedisSentinelConfig, RedisSentinelSettings>, never>,
  Record<Exclude<Unused<TlsConfig, NonNullable<RedisSettings['tls']>>, `${string}File`>, never>,
  Record<Exclude<Unused<TlsConfig, NonNullable<ClickHouseSettings['tls']>>, `${string}File`>, never>,
] = [{}, {}, {}, {}, {}, {}, {}];

it('passes every key of a section to its adapter', () => {
  const config = defineConfig({
    clickhouse: { password: 'sesame', retry: { maxAttempts: 9 }, maxQuerySize: 9 },
    redis: { password: 'sesame', commandTimeoutMs: 9 },
  });
  expect(unused.flatMap((each) => Object.keys(each))).toEqual([]);
  expect(clickHouseSettings(config.clickhouse)).toEqual(config.clickhouse);
  expect(redisSettings(config.redis)).toEqual(config.redis);
});
