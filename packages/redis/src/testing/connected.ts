import type { CacheBackend } from '@quantumtrade/dal-domain';
import { connectRedis } from '../connect-redis.js';
import type { RedisSettings } from '../settings.js';

const open: CacheBackend[] = [];

/** A backend that `closeAll` closes. Its calls have time, for the machine may be busy. */
export function connect(settings: RedisSettings): CacheBackend {
  const backend = connectRedis({ budgetMs: 10_000, ...settings });
  open.push(backend);
  return backend;
}

export async function closeAll(): Promise<void> {
  await Promise.all(open.splice(0).map(({ probe }) => probe.close()));
}

export const openSockets = (): number =>
  process.getActiveResourcesInfo().filter((kind) => /^(TCP|TLS)(Socket)?Wrap$/.test(kind)).length;

/** Takes any value as it is. */
export const anything = { parse: (value: unknown) => value };
