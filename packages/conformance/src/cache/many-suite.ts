import type { CacheWrite } from '@quantumtrade/dal-domain';
import { rateLimitOf } from '@quantumtrade/dal-domain';
import { printedForms, summaryOfRejection, rejectionOf } from '../failures.js';
import type { TestRunner } from '../runner.js';
import type { OpenCacheFactory } from './open-cache.js';
import { withOpened } from '../with-opened.js';

const anything = { parse: (value: unknown) => value };

const write = (key: string, value: unknown, ttlSeconds = 60): CacheWrite => ({ key, value, ttlSeconds });

const timed = { timestamp: '2024-01-02T00:00:00Z' };

const awkwardKeys = ['a,b', 'clé:株 🚀', '{tag}:1', '{tag}:2', 'x{', '}{y}', '', ' ', '*', 'line\nbreak'];

/** Tests the calls of `Cache` with many keys. */
export function manySuite(runner: TestRunner, open: OpenCacheFactory): void {
  const { describe, expect } = runner;
  const test = withOpened(runner, open);

  describe('Cache with many keys', () => {
    test('getMany returns values in key order, null for absent keys', async ({ backend: { cache } }) => {
      await cache.setMany([write('a', 1), write('b', { x: [null] }), write('c', 'três')]);
      expect(await cache.getMany(['c', 'missing', 'a', 'b'], anything)).toEqual([
        'três',
        null,
        1,
        { x: [null] },
      ]);
    });

    test('setMany, getMany and deleteMany accept any key', async ({ backend: { cache }, keys }) => {
      await cache.setMany(awkwardKeys.map((key, i) => write(key, i)));
      expect((await keys()).toSorted()).toEqual(awkwardKeys.toSorted());
      expect(await cache.getMany(awkwardKeys, anything)).toEqual(awkwardKeys.map((_, i) => i));
      expect(await cache.deleteMany(awkwardKeys)).toBe(awkwardKeys.length);
      expect(await keys()).toEqual([]);
    });

    test('handles repeated keys in one call', async ({ backend: { cache } }) => {
      await cache.setMany([write('a', 1), write('b', 2), write('a', 3)]);
      expect(await cache.getMany(['a', 'b', 'a', 'x', 'x'], anything)).toEqual([3, 2, 3, null, null]);
      expect(await cache.deleteMany(['a', 'a', 'x', 'b', 'a'])).toBe(2);
    });

    test('does nothing for an empty list of keys', async ({ backend: { cache }, keys }) => {
      await cache.setMany([]);
      expect(await cache.getMany([], anything)).toEqual([]);
      expect(await cache.deleteMany([])).toBe(0);
      expect(await keys()).toEqual([]);
    });

    test('handles thousands of keys in one call', async ({ backend: { cache }, keys }) => {
      const entries = Array.from({ length: 2_500 }, (_, i) => write(`key-${i}`, { i }));
      await cache.setMany(entries);
      const asked = entries.map(({ key }) => key).reverse();
      const values = await cache.getMany([...asked, 'missing'], anything);
      expect(values).toEqual([...entries.map(({ value }) => value).reverse(), null]);
      expect(await cache.deleteMany([...asked, 'missing'])).toBe(2_500);
      expect(await keys()).toEqual([]);
    });

    test('setMany gives each value its own time to live', async (opened) => {
      const { cache } = opened.backend;
      await cache.set('long', 'replaced', 6_000);
      await cache.setMany([write('short', 1, 300.5), write('long', 2, 1_200)]);
      expect((await opened.ttlMs('long'))! <= 1_200_000).toBe(true);
      await opened.advance(300_500);
      expect(await cache.getMany(['short', 'long'], anything)).toEqual([null, 2]);
      expect(await cache.deleteMany(['short', 'long'])).toBe(1);
    });

    test('getEntries returns for each key what getEntry returns', async (opened) => {
      const { cache } = opened.backend;
      await cache.setMany([write('a', { x: [1] }, 600), write('b', null, 60)]);
      const [b, missing, a, again] = await cache.getEntries(['b', 'missing', 'a', 'b'], anything);
      expect([a!.value, b!.value, again!.value, missing]).toEqual([{ x: [1] }, null, null, null]);
      expect(a!.expiresAt > opened.now() + 60_000 && a!.expiresAt <= opened.now() + 600_000).toBe(true);
      expect(b!.expiresAt > opened.now() && b!.expiresAt <= opened.now() + 60_000).toBe(true);
      expect(await cache.getEntries([], anything)).toEqual([]);
      await opened.putText('b', '{"s3cr3t');
      const error = await rejectionOf(() => cache.getEntries(['a', 'b'], anything));
      expect([error.code, error.operation, error.retryable]).toEqual(['CACHE', 'cache.getEntries', false]);
    });

    test('getEntries returns thousands of entries, awkward keys included', async ({ backend: { cache } }) => {
      const some = [...awkwardKeys, ...Array.from({ length: 2_500 }, (_, i) => `key-${i}`)];
      await cache.setMany(some.map((key, i) => write(key, i)));
      const found = await cache.getEntries([...some, 'missing'], anything);
      expect(found.map((entry) => entry && entry.value)).toEqual([...some.map((_, i) => i), null]);
    });

    test('refuses invalid keys and lists by their argument', async ({ backend: { cache } }) => {
      const keys = { code: 'VALIDATION', field: 'keys' };
      for (const none of [undefined, 'key', [1], [undefined]] as unknown as string[][]) {
        expect(await summaryOfRejection(() => cache.getMany(none, anything))).toEqual(keys);
        expect(await summaryOfRejection(() => cache.getEntries(none, anything))).toEqual(keys);
        expect(await summaryOfRejection(() => cache.deleteMany(none))).toEqual(keys);
      }
      const entries = { code: 'VALIDATION', field: 'entries' };
      expect(await summaryOfRejection(() => cache.setMany(undefined as unknown as CacheWrite[]))).toEqual(
        entries,
      );
      const key = { code: 'VALIDATION', field: 'key' };
      const none = undefined as unknown as string;
      expect(await summaryOfRejection(() => cache.get(none, anything))).toEqual(key);
      expect(await summaryOfRejection(() => cache.getEntry(none, anything))).toEqual(key);
      expect(await summaryOfRejection(() => cache.getEntryOrSet(none, anything, 1, 60))).toEqual(key);
      expect(await summaryOfRejection(() => cache.set(none, 1, 60))).toEqual(key);
      expect(await summaryOfRejection(() => cache.setIfNewer(none, timed, 60))).toEqual(key);
      expect(await summaryOfRejection(() => cache.replaceIfNewer(none, timed, 60))).toEqual(key);
      expect(await summaryOfRejection(() => cache.setIfUnchanged(none, 1, 2, 60))).toEqual(key);
      expect(await summaryOfRejection(() => cache.delete(none))).toEqual(key);
      expect(await summaryOfRejection(() => cache.exists(none))).toEqual(key);
      const pattern = { code: 'VALIDATION', field: 'pattern' };
      expect(await summaryOfRejection(() => cache.deleteWhere(undefined as unknown as 'x', {}))).toEqual(
        pattern,
      );
    });

    test('setMany stores nothing when one value or time to live is invalid', async ({
      backend: { cache },
      keys,
    }) => {
      const ttl = await summaryOfRejection(() => cache.setMany([write('a', 1), write('b', 2, 0)]));
      expect(ttl).toEqual({ code: 'VALIDATION', field: 'ttlSeconds' });
      const value = await summaryOfRejection(() => cache.setMany([write('a', 1), write('b', [undefined])]));
      expect(value).toEqual({ code: 'VALIDATION', field: 'value' });
      expect(await keys()).toEqual([]);
    });

    test('setMany and getMany copy the values', async ({ backend: { cache } }) => {
      const value = { list: [1] };
      await cache.setMany([write('key', value)]);
      value.list.push(2);
      const [first] = (await cache.getMany(['key'], anything)) as [typeof value];
      first.list.push(3);
      expect(await cache.getMany(['key'], anything)).toEqual([{ list: [1] }]);
    });

    test('getMany decodes every value and fails when the decoder throws', async ({
      backend: { cache },
      putText,
    }) => {
      const numbers = {
        parse: (value: unknown) => {
          if (typeof value !== 'number') throw new Error(`bad: ${JSON.stringify(value)}`);
          return value * 2;
        },
      };
      await cache.setMany([write('one', 1), write('two', 2)]);
      expect(await cache.getMany(['one', 'missing', 'two'], numbers)).toEqual([2, null, 4]);
      for (const text of ['"s3cr3t"', '{"s3cr3t', '', '1],[2']) {
        await putText('bad', text);
        const error = await rejectionOf(() => cache.getMany(['one', 'bad', 'two'], numbers));
        expect([error.code, error.operation, error.retryable]).toEqual(['CACHE', 'cache.getMany', false]);
        expect(printedForms(error).includes('s3cr3t')).toBe(false);
      }
    });

    test('getMany skips and setMany replaces a key of another type', async (opened) => {
      const { cache, rateLimiter } = opened.backend;
      const request = { userId: 'ann', endpoint: '/x', limit: 1 };
      const { key } = rateLimitOf(request, 'test');
      await rateLimiter.consume(request);
      expect(await cache.getMany([key], anything)).toEqual([null]);
      await cache.setMany([write(key, 'mine')]);
      expect(await cache.getMany([key], anything)).toEqual(['mine']);
    });
  });
}
