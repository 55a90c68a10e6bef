export { connectClickHouse } from './backend.js';
export type { ClickHouseBackend, ClickHouseBackendOptions } from './backend.js';
export type {
  ClickHouseSettings,
  EndpointSettings,
  FailoverSettings,
  RetentionSettings,
  RetrySettings,
} from './settings.js';
export { PINNED_SETTINGS } from './connection/pinned-settings.js';
