import type { RedisOptions } from 'ioredis';

/**
 * What a client logs in with. A server takes any password of a user that has none, and the driver does not log in without one; so
 * an empty one goes with a user alone.
 */
export function loginOf({
  username,
  password,
}: {
  readonly username?: string | undefined;
  readonly password?: string | undefined;
}): Pick<RedisOptions, 'username' | 'password'> {
  if (username !== undefined) return { username, password: password ?? '' };
  return password === undefined ? {} : { password };
}
