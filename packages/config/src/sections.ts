import { AUDIT_SETTINGS } from '@quantumtrade/dal-audit-trail/settings';
import { CLICKHOUSE_CONFIG_SETTINGS, RETENTION_SETTINGS } from '@quantumtrade/dal-clickhouse/settings';
import { TELEMETRY_SETTINGS } from '@quantumtrade/dal-exporters/settings';
import { BACKUP_SETTINGS } from '@quantumtrade/dal-object-store/settings';
import { ARCHIVE_SETTINGS } from '@quantumtrade/dal-operations/settings';
import { REDIS_CONFIG_SETTINGS } from '@quantumtrade/dal-redis/settings';
import type { SettingsOf } from '@quantumtrade/dal-runtime';
import { SECRETS_SETTINGS } from '@quantumtrade/dal-secrets/settings';
import { WRITER_SETTINGS } from '@quantumtrade/dal-writer/settings';
import { HTTP_SETTINGS } from './http-settings.js';

/** The settings of the embedded engine, whose package is optional and cannot declare them. */
const EMBEDDED_SETTINGS = {
  /** Directory of the engine's data. Two processes cannot use one directory at the same time. */
  dataDirectory: { kind: 'path', default: '.qtdal/clickhouse' },
} as const;

/** All settings. Each section is declared by the part that it configures. */
export const CONFIG_SETTINGS = {
  /**
   * The store: `clickhouse-redis` for your own servers, `embedded` for an engine in a child process, `memory` for this
   * process's memory. Without it, `clickhouse-redis` where a URL, a username or a password of ClickHouse is set, else
   * `embedded`.
   */
  backend: { kind: 'choice', values: ['clickhouse-redis', 'embedded', 'memory'] },
  /** The ClickHouse server. */
  clickhouse: { kind: 'group', settings: CLICKHOUSE_CONFIG_SETTINGS },
  /** The Redis server. */
  redis: { kind: 'group', settings: REDIS_CONFIG_SETTINGS },
  /** The embedded engine, which only the `embedded` backend uses. */
  embedded: { kind: 'group', settings: EMBEDDED_SETTINGS },
  /** Batch writers, transactions and replays. */
  writer: { kind: 'group', settings: WRITER_SETTINGS },
  /** The object store of backups and of the archive. */
  backup: { kind: 'group', settings: BACKUP_SETTINGS },
  /** The archive of stored blocks, for restores to an instant. */
  archive: { kind: 'group', settings: ARCHIVE_SETTINGS },
  /** Retention of rows by age, which only `qtdal storage apply` applies. The `memory` backend keeps all rows. */
  retention: { kind: 'group', settings: RETENTION_SETTINGS },
  /** The audit trail of modifications. */
  audit: { kind: 'group', settings: AUDIT_SETTINGS },
  /** Passwords and keys that are references to files or to AWS Secrets Manager. */
  secrets: { kind: 'group', settings: SECRETS_SETTINGS },
  /** The HTTP service (`qtdal-service`). */
  http: { kind: 'group', settings: HTTP_SETTINGS },
  /** Metrics, spans and logs, for applications that export them. */
  telemetry: { kind: 'group', settings: TELEMETRY_SETTINGS },
} as const;

type Sections = SettingsOf<typeof CONFIG_SETTINGS>;

/** A complete configuration, with defaults filled in. Times are in milliseconds. */
export interface DalConfig extends Sections {
  readonly backend: NonNullable<Sections['backend']>;
}

export type ClickHouseConfig = DalConfig['clickhouse'];
export type RetryConfig = ClickHouseConfig['retry'];
export type RedisConfig = DalConfig['redis'];
export type TlsConfig = NonNullable<RedisConfig['tls']>;
export type RedisSentinelConfig = NonNullable<RedisConfig['sentinel']>;
export type RedisClusterConfig = RedisConfig['cluster'];
export type EmbeddedConfig = DalConfig['embedded'];
export type WriterConfig = DalConfig['writer'];
export type AuditConfig = DalConfig['audit'];
export type HttpConfig = DalConfig['http'];
export type TelemetryConfig = DalConfig['telemetry'];
