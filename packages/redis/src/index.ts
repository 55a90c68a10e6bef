export { connectRedis } from './connect-redis.js';
export type {
  InvalidationMode,
  ReadFrom,
  RedisClusterSettings,
  RedisSentinelSettings,
  RedisSettings,
} from './settings.js';
