import type { Redis } from 'ioredis';
import { connectionsOf, type RedisClient, type RedisClients } from './redis-client.js';

/** Longest wait for running calls when closing, and then for the connection to end. */
const CLOSE_TIMEOUT_MS = 1_000;

/** Longest wait for the answer of a server that may hang. */
const PROBE_TIMEOUT_MS = 1_000;

/** Resolves when a client has connected, or failed to, for the first time. */
export function firstAttempt(client: RedisClient): Promise<void> {
  return new Promise((resolve) => {
    const events = ['ready', 'error', 'close', 'end'];
    const onEvent = () => {
      for (const event of events) client.off(event, onEvent);
      resolve();
    };
    for (const event of events) client.on(event, onEvent);
  });
}

/**
 * Reconnects every connection whose server does not answer a ping in time. An overdue call alone proves nothing: it may be long,
 * and must not cost the other calls their connection. Resolves when all servers are checked.
 */
export async function reconnectUnresponsive(
  clients: RedisClients,
  onUnresponsive: () => void,
): Promise<void> {
  await Promise.all(connectionsOf(clients).map((connection) => probe(connection, onUnresponsive)));
}

async function probe(connection: Redis, onUnresponsive: () => void): Promise<void> {
  if (connection.status !== 'ready') return;
  const timer = setTimeout(() => {
    onUnresponsive();
    connection.disconnect(true);
  }, PROBE_TIMEOUT_MS);
  await connection.ping().catch(() => undefined);
  clearTimeout(timer);
}

/** Closes a client's connections. Waits for running calls, but not for long. */
export async function closeClient(client: RedisClient): Promise<void> {
  const ended = new Promise<void>((resolve) => client.once('end', () => resolve()));
  if (client.status === 'ready') await settleInTime(client.quit().then(() => ended));
  if (client.status === 'end') return;
  const wasOpen = client.status !== 'reconnecting';
  client.disconnect();
  if (wasOpen) await settleInTime(ended);
}

/** Waits until a promise settles or the closing timeout is over. */
async function settleInTime(promise: Promise<unknown>): Promise<void> {
  let timer: NodeJS.Timeout | undefined;
  const timeout = new Promise((resolve) => (timer = setTimeout(resolve, CLOSE_TIMEOUT_MS)));
  await Promise.race([promise.catch(() => undefined), timeout]);
  clearTimeout(timer);
}
