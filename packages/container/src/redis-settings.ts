import type { RedisConfig } from '@quantumtrade/dal-config';
import type { RedisSettings } from '@quantumtrade/dal-redis';
import { tlsSettings } from './tls-settings.js';

/**
 * Returns the adapter's settings. Files of TLS are read only here.
 * Throws `ConfigError` for a file that cannot be read.
 */
export function redisSettings(config: RedisConfig): RedisSettings {
  const { tls } = config;
  return { ...config, tls: tls && tlsSettings('redis', tls) };
}

/** Returns the name of the configured Redis, for people. */
export function redisName({ url, sentinel, cluster }: RedisConfig): string {
  if (sentinel) return `Redis that Sentinels call ${sentinel.name}`;
  return cluster.enabled ? `Redis cluster at ${url}` : `Redis at ${url}`;
}
