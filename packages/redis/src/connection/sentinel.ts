import type { RedisOptions } from 'ioredis';
import { Redis } from 'ioredis';
import { patchConnection } from '../driver/patch-client.js';
import type { CompleteSentinelSettings } from '../settings.js';
import { followPassword, loginOptions } from './login.js';

/** Delay before reconnecting to a Sentinel. */
const SENTINEL_RETRY_MS = 2_000;

/** Returns the driver options that find a server through Sentinels. */
export function sentinelOptions(
  { name, nodes, username, password }: CompleteSentinelSettings,
  { tls, connectTimeout }: RedisOptions,
): RedisOptions {
  return {
    name,
    sentinels: [...nodes],
    ...(connectTimeout === undefined ? {} : { sentinelCommandTimeout: connectTimeout }),
    ...(tls ? { enableTLSForSentinelMode: true, sentinelTLS: tls } : {}),
    ...(username === undefined ? {} : { sentinelUsername: username }),
    ...(password === undefined ? {} : { sentinelPassword: password.reveal() }),
  };
}

/**
 * Reconnects a client when a Sentinel announces another master. The old master may hang or be partitioned, and then nothing else
 * ends the connection to it. Returns a function that stops watching.
 */
export function watchMasterSwitches(
  master: Redis,
  { name, nodes, username, password }: CompleteSentinelSettings,
  { family, tls, connectTimeout, disconnectTimeout }: RedisOptions,
): () => void {
  /** The master announced while the client was connecting. */
  let announced: string | undefined;
  const reconnectUnlessAt = (address: string | undefined) => {
    const { remoteAddress, remotePort } = master.stream ?? {};
    if (address !== undefined && address !== `${remoteAddress}:${remotePort}`) master.disconnect(true);
  };
  master.on('connect', () => {
    reconnectUnlessAt(announced);
    announced = undefined;
  });
  const watchers = nodes.map(({ host, port }) => {
    const sentinel = new Redis({
      host,
      port,
      ...{ family, tls, connectTimeout, disconnectTimeout },
      ...loginOptions({ username, password }),
      enableReadyCheck: false,
      maxRetriesPerRequest: null,
      retryStrategy: () => SENTINEL_RETRY_MS,
    } as RedisOptions);
    patchConnection(sentinel);
    followPassword(sentinel, password);
    sentinel.on('message', (_, message: string) => {
      const [masterName, , , host, port] = message.split(' ');
      if (masterName !== name) return;
      // disconnect() during a Sentinel lookup would close the client for good.
      if (master.status === 'connecting') announced = `${host}:${port}`;
      else reconnectUnlessAt(`${host}:${port}`);
    });
    sentinel.subscribe('+switch-master').catch(() => undefined);
    return sentinel;
  });
  return () => {
    for (const watcher of watchers) watcher.disconnect();
  };
}
