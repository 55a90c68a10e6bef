export {
  EmbeddedStartError,
  startEmbeddedClickHouse,
  type EmbeddedClickHouse,
  type EmbeddedClickHouseOptions,
} from './embedded-clickhouse.js';
export { UnsupportedPlatformError } from './engine-library.js';
export type { ServerEnd } from './spawn-server.js';
