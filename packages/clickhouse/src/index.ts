export { connectClickHouse } from './backend.js';
export type { ClickHouseBackendOptions } from './backend.js';
export type { ClickHouseSettings, RetrySettings } from './settings.js';
export { PINNED_SETTINGS } from './connection/pinned-settings.js';
