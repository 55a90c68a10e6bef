import type { CacheBackend } from '@quantumtrade/dal-domain';
import { isDatabaseError } from '@quantumtrade/dal-domain';
import { connectRedis } from '../connect-redis.js';
import type { RedisSettings } from '../settings.js';
import { sleep } from '@quantumtrade/dal-runtime';
import { until } from '@quantumtrade/dal-testing';

const open: CacheBackend[] = [];

/** Timeouts longer than any test: what ends earlier was ended by something else. */
export const NO_TIMEOUT = { connectionTimeoutMs: 600_000, budgetMs: 600_000, commandTimeoutMs: 600_000 };

/** Connects a backend that `closeAll` closes. Its calls have a long budget, because the machine may be busy. */
export function connect(settings: RedisSettings): CacheBackend {
  const backend = connectRedis({ budgetMs: 10_000, ...settings });
  open.push(backend);
  return backend;
}

export async function closeAll(): Promise<void> {
  await Promise.all(open.splice(0).map(({ probe }) => probe.close()));
}

/** Calls a backend until a call succeeds. Every earlier failure must be an error of the data layer. */
export async function untilAnswered({ cache }: CacheBackend): Promise<void> {
  for (;;) {
    try {
      await cache.exists('key');
      return;
    } catch (error) {
      if (!isDatabaseError(error)) throw error;
      await sleep(20);
    }
  }
}

/** Returns the number of open sockets of this process. */
export const openSockets = (): number =>
  process.getActiveResourcesInfo().filter((kind) => /^(TCP|TLS)(Socket)?Wrap$/.test(kind)).length;

/** Tests that closing a backend, which has connected by `use`, leaves no socket open. */
export async function expectNoSocketAfterClose(
  settings: RedisSettings,
  use: (backend: CacheBackend) => Promise<unknown>,
): Promise<void> {
  await sleep(500);
  const before = openSockets();
  const backend = connect(settings);
  await use(backend);
  expect(openSockets()).toBeGreaterThan(before);
  await backend.probe.close();
  await until(async () => openSockets() <= before);
  await expect(backend.probe.ping()).rejects.toMatchObject({ code: 'CONNECTION', retryable: false });
}
