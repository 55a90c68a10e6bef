export { ConfigError, type ConfigProblem } from './config-error.js';
export type {
  AuditConfig,
  ClickHouseConfig,
  DalConfig,
  EmbeddedConfig,
  RedisClusterConfig,
  RedisConfig,
  RedisSentinelConfig,
  RetryConfig,
  HttpConfig,
  TelemetryConfig,
  TlsConfig,
  WriterConfig,
} from './sections.js';
export { defineConfig, type ConfigInput } from './define-config.js';
export type { Environment } from './environment.js';
export {
  explainConfig,
  loadConfig,
  parseConfig,
  type ExplainedConfig,
  type LoadConfigOptions,
} from './load-config.js';
export { Secret } from '@quantumtrade/dal-runtime';
export type { ExplainedSetting } from './explain.js';
