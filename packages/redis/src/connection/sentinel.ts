import type { RedisOptions } from 'ioredis';
import { Redis } from 'ioredis';
import { bearErrors } from '../driver/patches.js';
import { guardReplies } from '../driver/guard-replies.js';
import { loginOf } from './login.js';
import type { RedisSentinelSettings } from '../settings.js';

/** How long a Sentinel that went away is left alone. */
const SENTINEL_RETRY_MS = 2_000;

/** What it takes to find a server through Sentinels. */
export function sentinelOptions(
  { name, nodes, username, password }: RedisSentinelSettings,
  { tls, connectTimeout }: RedisOptions,
): RedisOptions {
  return {
    name,
    sentinels: [...nodes],
    ...(connectTimeout === undefined ? {} : { sentinelCommandTimeout: connectTimeout }),
    ...(tls ? { enableTLSForSentinelMode: true, sentinelTLS: tls } : {}),
    ...(username === undefined ? {} : { sentinelUsername: username }),
    ...(password === undefined ? {} : { sentinelPassword: password }),
  };
}

/**
 * Has a client ask anew who the master is when a Sentinel says that another one is. The old master may hang or be cut
 * off: nothing else would end the connection to it. Returns how to stop.
 */
export function watchSwitches(
  master: Redis,
  { name, nodes, username, password }: RedisSentinelSettings,
  { family, tls, connectTimeout, disconnectTimeout }: RedisOptions,
): () => void {
  /** The master that a Sentinel named while the client was connecting. */
  let named: string | undefined;
  const leaveForAnother = (address: string | undefined) => {
    const { remoteAddress, remotePort } = master.stream ?? {};
    if (address !== undefined && address !== `${remoteAddress}:${remotePort}`) master.disconnect(true);
  };
  master.on('connect', () => {
    leaveForAnother(named);
    named = undefined;
  });
  const watchers = nodes.map(({ host, port }) => {
    const sentinel = new Redis({
      host,
      port,
      ...{ family, tls, connectTimeout, disconnectTimeout },
      ...loginOf({ username, password }),
      enableReadyCheck: false,
      maxRetriesPerRequest: null,
      retryStrategy: () => SENTINEL_RETRY_MS,
    } as RedisOptions);
    bearErrors(sentinel);
    guardReplies(sentinel);
    sentinel.on('message', (_, switched: string) => {
      const [of, , , host, port] = switched.split(' ');
      if (of !== name) return;
      // A client that is told to disconnect while it asks the Sentinels ends for good.
      if (master.status === 'connecting') named = `${host}:${port}`;
      else leaveForAnother(`${host}:${port}`);
    });
    sentinel.subscribe('+switch-master').catch(() => undefined);
    return sentinel;
  });
  return () => {
    for (const watcher of watchers) watcher.disconnect();
  };
}
