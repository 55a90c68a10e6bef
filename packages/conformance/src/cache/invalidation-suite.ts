import type { CacheBackend, InvalidationListener } from '@quantumtrade/dal-domain';
import type { TestRunner } from '../runner.js';
import type { OpenCacheFactory } from './open-cache.js';
import { withOpened } from '../with-opened.js';

const earlier = { timestamp: '2024-01-02T12:00:00.000Z' };
const later = { timestamp: '2024-01-02T12:00:00.001Z' };

type Change = (cache: CacheBackend['cache']) => Promise<unknown>;

/** Every call that changes the value of a key that holds `earlier`. */
const changes: Readonly<Record<string, Change>> = {
  set: (cache) => cache.set('key', 1, 60),
  setMany: (cache) => cache.setMany([{ key: 'key', value: 1, ttlSeconds: 60 }]),
  delete: (cache) => cache.delete('key'),
  deleteMany: (cache) => cache.deleteMany(['key']),
  deleteWhere: (cache) => cache.deleteWhere('key', {}),
  setIfNewer: (cache) => cache.setIfNewer('key', later, 60),
  replaceIfNewer: (cache) => cache.replaceIfNewer('key', later, 60),
  setIfUnchanged: (cache) => cache.setIfUnchanged('key', earlier, later, 60),
  'replaceIfNewer that deletes': (cache) => cache.replaceIfNewer('key', earlier, 60),
};

/** Records notifications, and waits for them. */
export class RecordingListener implements InvalidationListener {
  /** Notifications in order. */
  readonly events: string[] = [];
  #wake = () => {};

  onConnected(): void {
    this.#record('(connected)');
  }

  onDisconnected(): void {
    this.#record('(disconnected)');
  }

  onInvalidated(keys: readonly string[] | 'all'): void {
    for (const key of keys === 'all' ? ['(all)'] : keys) this.#record(key);
  }

  /** Resolves when an event is recorded at an index or later, with the index after it. */
  async until(what: string, from = 0): Promise<number> {
    for (;;) {
      const place = this.events.indexOf(what, from);
      if (place >= 0) return place + 1;
      await new Promise<void>((resolve) => (this.#wake = resolve));
    }
  }

  #record(what: string): void {
    this.events.push(what);
    this.#wake();
  }
}

/** Tests `CacheInvalidations`. */
export function invalidationSuite(runner: TestRunner, open: OpenCacheFactory): void {
  const { describe, expect } = runner;
  const test = withOpened(runner, open);

  async function listening({ invalidations }: CacheBackend) {
    const listener = new RecordingListener();
    const stop = invalidations.listen(listener);
    await listener.until('(connected)');
    return { listener, stop };
  }

  describe('CacheInvalidations', () => {
    for (const [name, change] of Object.entries(changes)) {
      test(`notifies every listener of ${name}`, async ({ backend }) => {
        await backend.cache.set('key', earlier, 60);
        const [one, other] = [await listening(backend), await listening(backend)];
        const from = [one.listener.events.length, other.listener.events.length] as const;
        await change(backend.cache);
        await one.listener.until('key', from[0]);
        await other.listener.until('key', from[1]);
      });
    }

    test('notifies every listener when getEntryOrSet sets a value', async ({ backend }) => {
      const [one, other] = [await listening(backend), await listening(backend)];
      await backend.cache.getEntryOrSet('key', { parse: String }, earlier, 60);
      await Promise.all([one.listener.until('key'), other.listener.until('key')]);
    });

    test('reports the connection after listen has returned', async ({ backend }) => {
      const listener = new RecordingListener();
      backend.invalidations.listen(listener);
      expect(listener.events).toEqual([]);
      await listener.until('(connected)');
      expect(listener.events[0]).toBe('(connected)');
      const second = new RecordingListener();
      backend.invalidations.listen(second);
      expect(second.events).toEqual([]);
      await second.until('(connected)');
    });

    test('notifies no listener before it is connected', async ({ backend }) => {
      for (let i = 0; i < 20; i++) {
        const listener = new RecordingListener();
        const stop = backend.invalidations.listen(listener);
        const writes = Array.from({ length: 20 }, (_, j) => backend.cache.set(`key-${j}`, i, 60));
        await Promise.all([listener.until('(connected)'), ...writes]);
        expect(listener.events.indexOf('(connected)')).toBe(0);
        stop();
      }
    });

    test('reports whole keys, commas and Unicode included', async ({ backend }) => {
      const { listener } = await listening(backend);
      const keys = ['a,b', 'clé:株 🚀', '{tag},{tag}', '', ' ', '__redis__:invalidate'];
      await backend.cache.setMany(keys.map((key) => ({ key, value: 1, ttlSeconds: 60 })));
      for (const key of keys) await listener.until(key, 1);
      expect([...new Set(listener.events.slice(1))].toSorted()).toEqual(keys.toSorted());
    });

    test('reports every key of a long list', async ({ backend }) => {
      const { listener } = await listening(backend);
      const keys = Array.from({ length: 2_500 }, (_, i) => `key-${i}`);
      await backend.cache.setMany(keys.map((key) => ({ key, value: 1, ttlSeconds: 60 })));
      for (const key of keys) await listener.until(key, 1);
      const from = listener.events.length;
      await backend.cache.deleteMany(keys);
      for (const key of keys) await listener.until(key, from);
    });

    test('notifies the others when one listener has stopped', async ({ backend }) => {
      const [one, other] = [await listening(backend), await listening(backend)];
      one.stop();
      one.stop();
      await backend.cache.set('key', 1, 60);
      await other.listener.until('key');
      expect(one.listener.events).toEqual(['(connected)']);
    });

    test('notifies a new listener after all others have stopped', async ({ backend }) => {
      (await listening(backend)).stop();
      const early = new RecordingListener();
      backend.invalidations.listen(early)();
      const { listener } = await listening(backend);
      await backend.cache.set('key', 1, 60);
      await listener.until('key');
      expect(early.events).toEqual([]);
    });

    test('reports the disconnection once when the backend is closed', async ({ backend }) => {
      const { listener } = await listening(backend);
      await backend.probe.close();
      await backend.probe.close();
      expect(listener.events).toEqual(['(connected)', '(disconnected)']);
      const late = new RecordingListener();
      backend.invalidations.listen(late)();
      expect(late.events).toEqual([]);
    });
  });
}
