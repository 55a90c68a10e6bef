import type { RedisConfig } from '@quantumtrade/dal-config';
import type { RedisSettings } from '@quantumtrade/dal-redis';
import { tlsSettings } from './tls-settings.js';

/**
 * Returns the adapter's settings. Passwords are revealed and files of TLS are read only here.
 * Throws `ConfigError` for a file that cannot be read.
 */
export function redisSettings(config: RedisConfig): RedisSettings {
  const { password, tls, sentinel } = config;
  return {
    ...config,
    password: password?.reveal(),
    tls: tls && tlsSettings('redis', tls),
    sentinel: sentinel && { ...sentinel, password: sentinel.password?.reveal() },
  };
}

/** Returns the name of the configured Redis, for people. */
export function redisName({ url, sentinel, cluster }: RedisConfig): string {
  if (sentinel) return `Redis that Sentinels call ${sentinel.name}`;
  return cluster.enabled ? `Redis cluster at ${url}` : `Redis at ${url}`;
}
