import type { RedisOptions } from 'ioredis';

/** User and password, both optional. */
interface Login {
  readonly username?: string | undefined;
  readonly password?: string | undefined;
}

/**
 * Returns the driver options of a login. A user without a password gets an empty one: the driver does not log in without any, and
 * the server accepts any password for such a user.
 */
export function loginOptions({ username, password }: Login): Pick<RedisOptions, 'username' | 'password'> {
  if (username !== undefined) return { username, password: password ?? '' };
  return password === undefined ? {} : { password };
}
