import { printedForms, summaryOfRejection, rejectionOf } from '../failures.js';
import type { TestRunner } from '../runner.js';
import type { OpenCacheFactory } from './open-cache.js';
import { withOpened } from '../with-opened.js';

const anything = { parse: (value: unknown) => value };

/** Tests `Cache.getEntry` and `Cache.getEntryOrSet`. */
export function entrySuite(runner: TestRunner, open: OpenCacheFactory): void {
  const { describe, expect } = runner;
  const test = withOpened(runner, open);

  describe('Cache.getEntry', () => {
    test('getEntry returns the value with its expiry', async (opened) => {
      const { cache } = opened.backend;
      const before = opened.now();
      await cache.set('key', { a: [1] }, 600);
      const first = (await cache.getEntry('key', anything))!;
      expect(first.value).toEqual({ a: [1] });
      expect(first.expiresAt > before).toBe(true);
      expect(first.expiresAt <= opened.now() + 600_000).toBe(true);
      await opened.advance(500_000);
      const second = (await cache.getEntry('key', anything))!;
      expect(second.expiresAt > opened.now()).toBe(true);
      expect(second.expiresAt <= opened.now() + 100_000).toBe(true);
    });

    test('getEntry returns the expiry of the current value', async (opened) => {
      const { cache } = opened.backend;
      await cache.set('key', 'long', 600);
      await cache.set('key', 'short', 60);
      const entry = (await cache.getEntry('key', anything))!;
      expect(entry.value).toBe('short');
      expect(entry.expiresAt <= opened.now() + 60_000).toBe(true);
    });

    test('getEntry distinguishes a stored null from an absent key', async (opened) => {
      const { cache } = opened.backend;
      await cache.set('key', null, 60);
      expect((await cache.getEntry('key', anything))!.value).toBeNull();
      expect(await cache.getEntry('missing', anything)).toBeNull();
      await opened.advance(60_000);
      expect(await cache.getEntry('key', anything)).toBeNull();
    });

    test('getEntry fails with CacheError when the stored value is invalid', async ({
      backend: { cache },
      putText,
    }) => {
      await putText('key', '{"s3cr3t');
      const error = await rejectionOf(() => cache.getEntry('key', anything));
      expect([error.code, error.operation, error.retryable]).toEqual(['CACHE', 'cache.getEntry', false]);
      expect(printedForms(error).includes('s3cr3t')).toBe(false);
    });
  });

  describe('Cache.getEntryOrSet', () => {
    test('getEntryOrSet sets an absent key and returns null', async ({ backend: { cache }, ttlMs }) => {
      expect(await cache.getEntryOrSet('key', anything, { a: ['株'] }, 60.5)).toBeNull();
      expect(await cache.get('key', anything)).toEqual({ a: ['株'] });
      const life = (await ttlMs('key'))!;
      expect(life > 0 && life <= 60_500).toBe(true);
    });

    test('getEntryOrSet sets a key whose value has expired', async (opened) => {
      const { cache } = opened.backend;
      await cache.getEntryOrSet('key', anything, 1, 60);
      await opened.advance(60_000);
      expect(await cache.getEntryOrSet('key', anything, 2, 60)).toBeNull();
      expect(await cache.get('key', anything)).toBe(2);
    });

    test('getEntryOrSet returns and keeps the value that the key holds', async (opened) => {
      const { cache } = opened.backend;
      for (const value of [{ a: [1] }, null, '', 0]) {
        await cache.set('key', value, 600);
        const entry = (await cache.getEntryOrSet('key', anything, 'other', 60))!;
        expect(entry.value).toEqual(value);
        expect(entry.expiresAt > opened.now() + 60_000).toBe(true);
        expect(entry.expiresAt <= opened.now() + 600_000).toBe(true);
        expect(await cache.get('key', anything)).toEqual(value);
        expect((await opened.ttlMs('key'))! > 60_000).toBe(true);
      }
    });

    test('getEntryOrSet lets one of 50 concurrent calls set the value', async ({ backend: { cache } }) => {
      const attempts = Array.from({ length: 50 }, (_, i) => cache.getEntryOrSet('key', anything, i, 60));
      const entries = await Promise.all(attempts);
      const won = entries.flatMap((entry, i) => (entry === null ? [i] : []));
      expect(won).toEqual([await cache.get('key', anything)]);
      expect(new Set(entries.flatMap((entry) => (entry ? [entry.value] : [])))).toEqual(new Set(won));
    });

    test('getEntryOrSet decodes the stored value and keeps an invalid one', async ({
      backend: { cache },
      putText,
      text,
    }) => {
      await cache.set('key', 21, 60);
      const doubled = { parse: (value: unknown) => (value as number) * 2 };
      expect((await cache.getEntryOrSet('key', doubled, 1, 60))!.value).toBe(42);
      await putText('key', '{"s3cr3t');
      const error = await rejectionOf(() => cache.getEntryOrSet('key', anything, 1, 60));
      expect([error.code, error.operation, error.retryable]).toEqual(['CACHE', 'cache.getEntryOrSet', false]);
      expect(printedForms(error).includes('s3cr3t')).toBe(false);
      expect(await text('key')).toBe('{"s3cr3t');
    });

    test('getEntryOrSet refuses lossy values and an invalid time to live', async ({
      backend: { cache },
      keys,
    }) => {
      expect(await summaryOfRejection(() => cache.getEntryOrSet('key', anything, 1n, 60))).toEqual({
        code: 'VALIDATION',
        field: 'value',
      });
      expect(await summaryOfRejection(() => cache.getEntryOrSet('key', anything, 1, 0))).toEqual({
        code: 'VALIDATION',
        field: 'ttlSeconds',
      });
      expect(await keys()).toEqual([]);
    });
  });
}
