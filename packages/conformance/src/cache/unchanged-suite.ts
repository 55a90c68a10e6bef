import { JsonText } from '@quantumtrade/dal-domain';
import { summaryOfRejection } from '../failures.js';
import type { TestRunner } from '../runner.js';
import type { OpenCacheFactory } from './open-cache.js';
import { withOpened } from '../with-opened.js';

const anything = { parse: (value: unknown) => value };

/** Tests `Cache.setIfUnchanged`. */
export function unchangedSuite(runner: TestRunner, open: OpenCacheFactory): void {
  const { describe, expect } = runner;
  const test = withOpened(runner, open);

  describe('Cache.setIfUnchanged', () => {
    test('setIfUnchanged sets an absent key when nothing is expected', async ({
      backend: { cache },
      ttlMs,
    }) => {
      expect(await cache.setIfUnchanged('key', undefined, { a: 1 }, 60)).toBe(true);
      expect(await cache.get('key', anything)).toEqual({ a: 1 });
      const life = (await ttlMs('key'))!;
      expect(life > 0 && life <= 60_000).toBe(true);
    });

    test('setIfUnchanged keeps a stored value when nothing is expected', async ({ backend: { cache } }) => {
      for (const value of [1, null, '']) {
        await cache.set('key', value, 60);
        expect(await cache.setIfUnchanged('key', undefined, 'other', 60)).toBe(false);
        expect(await cache.get('key', anything)).toBe(value);
      }
    });

    test('setIfUnchanged replaces the expected value and its time to live', async ({
      backend: { cache },
      ttlMs,
    }) => {
      for (const expected of [{ b: ['naïve 株 🚀', 1.5], a: null }, null, '', 0]) {
        await cache.set('key', expected, 600);
        expect(await cache.setIfUnchanged('key', expected, 'new', 60)).toBe(true);
        expect(await cache.get('key', anything)).toBe('new');
        expect((await ttlMs('key'))! <= 60_000).toBe(true);
      }
    });

    test('setIfUnchanged compares and stores a text like its value', async ({ backend: { cache } }) => {
      const text = new JsonText('{"a":[1,null]}');
      expect(await cache.getEntryOrSet('key', anything, text, 60)).toBeNull();
      expect(await cache.get('key', anything)).toEqual({ a: [1, null] });
      expect(await cache.setIfUnchanged('key', { a: [1, null] }, new JsonText('"new"'), 60)).toBe(true);
      expect(await cache.setIfUnchanged('key', text, 'other', 60)).toBe(false);
      expect(await cache.setIfUnchanged('key', new JsonText('"new"'), 'newer', 60)).toBe(true);
      expect(await cache.get('key', anything)).toBe('newer');
    });

    test('setIfUnchanged sets the value without notification', async ({ backend: { cache } }) => {
      expect(await cache.setIfUnchanged('key', undefined, 1, 60, { notify: false })).toBe(true);
      expect(await cache.setIfUnchanged('key', 2, 3, 60, { notify: false })).toBe(false);
      expect(await cache.get('key', anything)).toBe(1);
      const failure = await summaryOfRejection(() =>
        cache.setIfUnchanged('key', 1, 2, 60, { notify: 0 as never }),
      );
      expect(failure).toMatchObject({ code: 'VALIDATION', field: 'notify' });
    });

    test('setIfUnchanged keeps another value and its time to live', async ({ backend: { cache }, ttlMs }) => {
      await cache.set('key', 'newer', 600);
      expect(await cache.setIfUnchanged('key', 'old', 'new', 60)).toBe(false);
      expect(await cache.get('key', anything)).toBe('newer');
      expect((await ttlMs('key'))! > 60_000).toBe(true);
    });

    test('setIfUnchanged leaves an absent key when a value is expected', async ({
      backend: { cache },
      keys,
    }) => {
      for (const expected of [1, '', null]) {
        expect(await cache.setIfUnchanged('key', expected, 'new', 60)).toBe(false);
      }
      expect(await keys()).toEqual([]);
    });

    test('setIfUnchanged compares the stored texts', async ({ backend: { cache }, putText }) => {
      await putText('key', '{ "a": 1 }');
      expect(await cache.setIfUnchanged('key', { a: 1 }, 2, 60)).toBe(false);
      await putText('key', '{"a":1}');
      expect(await cache.setIfUnchanged('key', { a: 1 }, 2, 60)).toBe(true);
    });

    test('setIfUnchanged lets one of 50 concurrent calls win', async ({ backend: { cache } }) => {
      const attempts = Array.from({ length: 50 }, (_, i) => cache.setIfUnchanged('key', undefined, i, 60));
      const won = (await Promise.all(attempts)).flatMap((isWinner, i) => (isWinner ? [i] : []));
      expect(won).toEqual([await cache.get('key', anything)]);
    });

    test('setIfUnchanged refuses lossy values and an invalid time to live', async ({
      backend: { cache },
    }) => {
      expect(await summaryOfRejection(() => cache.setIfUnchanged('key', undefined, 1n, 60))).toEqual({
        code: 'VALIDATION',
        field: 'value',
      });
      expect(await summaryOfRejection(() => cache.setIfUnchanged('key', undefined, 1, 0))).toEqual({
        code: 'VALIDATION',
        field: 'ttlSeconds',
      });
    });
  });
}
