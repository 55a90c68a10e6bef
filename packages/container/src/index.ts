import 'reflect-metadata';

export type { EmbeddedEngine } from './embedded-engine.js';
export { clickHouseRedisModule } from './modules/clickhouse-redis.js';
export { databaseModule, type DatabaseOptions } from './modules/database.js';
export { embeddedModule } from './modules/embedded.js';
export { memoryModule } from './modules/memory.js';
export { backendModule, openDatabase, type OpenDatabase } from './open-database.js';
export { TOKENS, type BackendNames } from './tokens.js';
