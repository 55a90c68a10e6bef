import { requireObject, ValidationError } from '@quantumtrade/dal-domain';
import { completeSettings, Secret, tlsOptions, type Address } from '@quantumtrade/dal-runtime';
import type { CompleteRedisSettings, RedisSettings } from '../settings.js';
import { REDIS_SETTINGS } from '../settings.js';

/** Address of a server with its login. */
export interface Endpoint extends Address {
  /** Undefined without TLS. */
  readonly tls: ReturnType<typeof tlsOptions> | undefined;
  readonly username: string | undefined;
  readonly password: Secret | undefined;
  readonly database: number;
}

const operation = 'cache.connect';

const refuse = (field: string, reason: string): never => {
  throw new ValidationError(field, reason, { operation });
};

/** Parses the URL and applies the overriding settings. Throws `ValidationError`, without showing the URL, when it is invalid. */
export function endpointOf(settings: RedisSettings): Endpoint {
  try {
    const url = new URL(settings.url);
    const database = settings.database ?? Number(url.pathname.slice(1));
    if (!/^rediss?:$/.test(url.protocol) || url.hostname === '' || !Number.isSafeInteger(database)) {
      throw new TypeError('not a Redis URL');
    }
    const password = settings.password ?? (decodeURIComponent(url.password) || undefined);
    return {
      host: url.hostname.replace(/^\[(.*)\]$/, '$1'),
      port: Number(url.port || 6379),
      tls: settings.tls ? tlsOptions(settings.tls) : url.protocol === 'rediss:' ? {} : undefined,
      username: settings.username ?? (decodeURIComponent(url.username) || undefined),
      password: typeof password === 'string' ? new Secret(password) : password,
      database,
    };
  } catch {
    return refuse('url', 'must be redis://host:port or rediss://host:port');
  }
}

/** Returns for example `redis-1:6379`. */
export const hostAndPort = ({ host, port }: Address): string =>
  `${host.includes(':') ? `[${host}]` : host}:${port}`;

/** Returns the settings with their defaults. Throws `ValidationError` for one that is unknown, wrong or contradicts another. */
export function completeRedisSettings(settings: RedisSettings): CompleteRedisSettings {
  const complete = completeSettings(REDIS_SETTINGS, requireObject('settings', settings, operation), refuse);
  const { sentinel, cluster, readFrom } = complete;
  if (sentinel && cluster.enabled) refuse('sentinel', 'must not be set with an enabled cluster');
  if (readFrom !== 'master' && !sentinel && !cluster.enabled) {
    refuse('readFrom', 'must be "master" without sentinel or a cluster');
  }
  return complete;
}
