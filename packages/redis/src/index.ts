export { connectRedis } from './connect-redis.js';
export type {
  Address,
  ReadFrom,
  RedisClusterSettings,
  RedisSentinelSettings,
  RedisSettings,
  RedisTlsSettings,
} from './settings.js';
