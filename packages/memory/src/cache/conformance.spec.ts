import { cacheSuites } from '@quantumtrade/dal-conformance';
import { ManualClock } from '@quantumtrade/dal-runtime';
import { cacheBackendOver } from './cache-backend.js';
import { ExpiringStore } from './memory-cache.js';

cacheSuites({ describe, it, beforeAll, afterAll, beforeEach, expect }, async () => {
  const clock = new ManualClock(Date.UTC(2024, 0, 2));
  const store = new ExpiringStore(clock);
  const backend = cacheBackendOver(store);
  const text = (key: string) => store.read(key, 'text', 'test') ?? null;
  return {
    backend,
    advance: async (ms) => clock.advance(ms),
    now: () => clock.now(),
    keys: async () => store.keys(),
    ttlMs: async (key) => {
      const expiresAt = store.expiresAt(key);
      return expiresAt === undefined ? null : expiresAt - clock.now();
    },
    text: async (key) => text(key),
    putText: async (key, value) => store.write(key, { kind: 'text', value }, 3_600_000),
    dump: async () => JSON.stringify(store.keys().map((key) => [key, text(key)])),
    close: () => backend.probe.close(),
  };
});
