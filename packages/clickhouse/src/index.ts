export { connectClickHouse } from './backend.js';
export type { ClickHouseBackendOptions } from './backend.js';
export type { ClickHouseSettings, RetrySettings } from './client/settings.js';
export { PINNED_SETTINGS } from './client/pinned-settings.js';
