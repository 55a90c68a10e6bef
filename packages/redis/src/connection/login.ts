import type { RedisOptions } from 'ioredis';
import { Cluster, type Redis } from 'ioredis';
import type { Secret } from '@quantumtrade/dal-runtime';
import type { RedisClient } from './redis-client.js';

/** User and password, both optional. */
export interface Login {
  readonly username?: string | undefined;
  readonly password?: Secret | undefined;
}

/**
 * Returns the driver options of a login. A user without a password gets an empty one: the driver does not log in without any, and
 * the server accepts any password for such a user.
 */
export function loginOptions({ username, password }: Login): Pick<RedisOptions, 'username' | 'password'> {
  if (username !== undefined) return { username, password: password?.reveal() ?? '' };
  return password === undefined ? {} : { password: password.reveal() };
}

/** Has the driver read the current text of a secret from its options, which it does each time that it connects. */
export function followSecret(
  options: RedisOptions,
  name: 'password' | 'sentinelPassword',
  secret: Secret | undefined,
): void {
  if (secret) Object.defineProperty(options, name, { get: () => secret.reveal(), enumerable: true });
}

/** Has every connection of a client log in with the current password, in a cluster also those to nodes that join later. */
export function followPassword(client: RedisClient, password: Secret | undefined): void {
  if (client instanceof Cluster) {
    client.on('+node', ({ options }: Redis) => followSecret(options, 'password', password));
  } else followSecret(client.options, 'password', password);
}

/** Logs an open connection in again, so that it does not end with the password that it was opened with. */
export async function logInAgain(connection: Redis, { username, password }: Login): Promise<void> {
  const text = password!.reveal();
  await (username === undefined ? connection.auth(text) : connection.auth(username, text)).catch(() => {
    // The server keeps the earlier login.
  });
}
