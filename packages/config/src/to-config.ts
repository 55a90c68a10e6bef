import type { DalConfig } from './dal-config.js';
import type { CheckedFile } from './schema.js';
import { Secret } from './secret.js';

/** An empty password is none: that is what `${NAME:-}` gives when the variable is not set. */
const secret = (text: string | undefined): Secret | undefined => (text ? new Secret(text) : undefined);

/** Credentials and database of a URL count where the key of their own is absent. */
export function toConfig(
  { clickhouse, redis, embedded, writer, audit }: CheckedFile,
  backend: DalConfig['backend'],
): DalConfig {
  return {
    backend,
    clickhouse: {
      url: clickhouse.url.url,
      database: clickhouse.database ?? clickhouse.url.database ?? 'quantumtrade',
      username: clickhouse.username ?? clickhouse.url.username ?? 'app_user',
      password: secret(clickhouse.password || clickhouse.url.password),
      connectionTimeoutMs: clickhouse.connection_timeout,
      requestTimeoutMs: clickhouse.request_timeout,
      maxConnections: clickhouse.max_connections,
      maxQueuedCalls: clickhouse.max_queued_calls,
      maxResultRows: clickhouse.max_result_rows,
      maxResultBytes: clickhouse.max_result_bytes,
      compression: clickhouse.compression,
      maxInsertBlockSize: clickhouse.max_insert_block_size,
      maxQuerySize: clickhouse.max_query_size,
      retry: {
        maxAttempts: clickhouse.retry.max_attempts,
        initialDelayMs: clickhouse.retry.initial_delay_ms,
        maxDelayMs: clickhouse.retry.max_delay_ms,
        backoffMultiplier: clickhouse.retry.backoff_multiplier,
      },
    },
    redis: {
      url: redis.url.url,
      database: redis.database ?? Number(redis.url.database ?? 0),
      username: redis.username ?? redis.url.username,
      password: secret(redis.password || redis.url.password),
      keyPrefix: redis.key_prefix,
      connectionTimeoutMs: redis.connection_timeout,
      budgetMs: redis.budget,
      commandTimeoutMs: redis.command_timeout,
      scanTimeoutMs: redis.scan_timeout,
      readFrom: redis.read_from,
      invalidation: redis.invalidation,
      tls: redis.tls && {
        caFile: redis.tls.ca_file,
        certFile: redis.tls.cert_file,
        keyFile: redis.tls.key_file,
        servername: redis.tls.servername,
        rejectUnauthorized: redis.tls.reject_unauthorized,
      },
      sentinel: redis.sentinel && {
        name: redis.sentinel.name,
        nodes: redis.sentinel.nodes,
        username: redis.sentinel.username,
        password: secret(redis.sentinel.password),
      },
      cluster: {
        enabled: redis.cluster.enabled,
        nodes: redis.cluster.nodes,
        maxRedirections: redis.cluster.max_redirections,
        retryDelayMs: redis.cluster.retry_delay_ms,
      },
    },
    embedded: { dataDirectory: embedded.data_directory },
    writer: {
      directory: writer.directory,
      durability: writer.durability,
      maxFutureSkewMs: writer.max_future_skew,
    },
    audit: {
      directory: audit.directory || undefined,
      actor: audit.actor,
      key: secret(audit.key),
    },
  };
}
