export { connectRedis } from './connect-redis.js';
export type { RedisClusterSettings, RedisSettings } from './settings.js';
