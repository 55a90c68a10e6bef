import type { RedisClient } from './client.js';
import type { Script } from './commands.js';

/** What the driver is told of the scripts: it has the server keep each, and makes it a method of its clients. */
export const definitionsOf = (scripts: readonly Script[]) =>
  Object.fromEntries(
    scripts.map(({ name, lua, readOnly = false, ofManyKeys = false }) => [
      name,
      { lua, readOnly, ...(ofManyKeys ? {} : { numberOfKeys: 1 }) },
    ]),
  );

/** The scripts as a client's methods. One of many keys is given their number before them. */
export const scriptsOf = (client: RedisClient) =>
  client as unknown as Record<string, (...args: (string | number)[]) => Promise<unknown>>;
