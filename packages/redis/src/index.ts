export { connectRedis } from './connect-redis.js';
export type {
  Address,
  InvalidationMode,
  ReadFrom,
  RedisClusterSettings,
  RedisSentinelSettings,
  RedisSettings,
  RedisTlsSettings,
} from './settings.js';
