import { readFileSync } from 'node:fs';
import { ConfigError, type RedisConfig, type RedisTlsConfig } from '@quantumtrade/dal-config';
import type { RedisSettings, RedisTlsSettings } from '@quantumtrade/dal-redis';

/**
 * Returns the adapter's settings. Passwords are revealed and files of TLS are read only here.
 * Throws `ConfigError` for a file that cannot be read.
 */
export function redisSettings(config: RedisConfig): RedisSettings {
  const { password, tls, sentinel } = config;
  return {
    ...config,
    password: password?.reveal(),
    tls: tls && tlsSettings(tls),
    sentinel: sentinel && { ...sentinel, password: sentinel.password?.reveal() },
  };
}

/** Returns the name of the configured Redis, for people. */
export function redisName({ url, sentinel, cluster }: RedisConfig): string {
  if (sentinel) return `Redis that Sentinels call ${sentinel.name}`;
  return cluster.enabled ? `Redis cluster at ${url}` : `Redis at ${url}`;
}

function tlsSettings({ caFile, certFile, keyFile, ...others }: RedisTlsConfig): RedisTlsSettings {
  return {
    ...others,
    ca: textOf('redis.tls.ca_file', caFile),
    cert: textOf('redis.tls.cert_file', certFile),
    key: textOf('redis.tls.key_file', keyFile),
  };
}

function textOf(key: string, file: string | undefined): string | undefined {
  try {
    return file === undefined ? undefined : readFileSync(file, 'utf8');
  } catch (error) {
    const reason = `cannot be read (${(error as NodeJS.ErrnoException).code})`;
    throw new ConfigError({ key, reason, source: file! });
  }
}
