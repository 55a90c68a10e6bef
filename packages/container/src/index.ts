import 'reflect-metadata';

export { openObjectStore, type ObjectStoreSettings } from '@quantumtrade/dal-object-store';
export {
  composeDatabase,
  type ComposedDatabase,
  type CompositionConfig,
  type DatabaseOptions,
} from './compose-database.js';
export type { EmbeddedEngine } from './embedded-engine.js';
export {
  backendModule,
  clickHouseRedisModule,
  databaseModule,
  embeddedModule,
  memoryModule,
} from './modules.js';
export { openDatabase, type OpenDatabase } from './open-database.js';
export type { BackendNames } from './stores.js';
export { composeTelemetry, type Telemetry } from './telemetry/compose-telemetry.js';
export { TOKENS } from './tokens.js';
