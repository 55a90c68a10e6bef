import { randomUUID } from 'node:crypto';
import keyvTestSuite from '@keyv/test-suite';
import type { CacheBackend } from '@quantumtrade/dal-domain';
import { memoryCacheBackend } from '@quantumtrade/dal-memory';
import { connectRedis } from '@quantumtrade/dal-redis';
import { Keyv } from 'keyv';
import { KeyvStore } from './keyv-store.js';

/** Runner of the suite, which passes each test its `expect`. */
const runner = {
  it: (name: string, test: (context: { expect: typeof expect }) => unknown) =>
    it(name, async () => {
      await test({ expect });
    }),
  beforeEach,
  afterEach,
};

const backends: Record<string, () => CacheBackend> = {
  memory: () => memoryCacheBackend(),
  Redis: () =>
    connectRedis({ url: process.env['REDIS_URL']!, keyPrefix: `${randomUUID()}:`, budgetMs: 10_000 }),
};

describe.each(Object.entries(backends))("Keyv's own suite on %s", (_name, open) => {
  let backend: CacheBackend;
  beforeAll(() => void (backend = open()));
  afterAll(() => backend.probe.close());

  keyvTestSuite(runner, Keyv, () => new KeyvStore(backend.cache, { maxTtlMs: 60_000 }));
});
