import type { Cache } from '@quantumtrade/dal-domain';
import { MAX_KEY_LENGTH } from '@quantumtrade/dal-domain';
import { summaryOfRejection, rejectionOf } from '../failures.js';
import type { TestRunner } from '../runner.js';
import type { OpenCacheFactory } from './open-cache.js';
import { withOpened } from '../with-opened.js';
import * as sample from './samples.js';

const anything = { parse: (value: unknown) => value };
const timestamp = '2024-01-02T12:00:00.000Z';

class Point {
  readonly x = 1;
}

/** Returns values that JSON would drop or change. */
function lossyValues(): unknown[] {
  const circular: Record<string, unknown> = {};
  circular['self'] = circular;
  let deep: unknown = 1;
  for (let i = 0; i < 10_000; i++) deep = [deep];
  return [
    ...[undefined, () => 1, Symbol('s'), 1n, NaN, Infinity, -Infinity, -0, Object(NaN), Object('text')],
    ...[new Map([[1, 2]]), new Set([1]), new WeakMap(), new Date(0), new Date(NaN), /a/, new Error('x')],
    ...[
      Promise.resolve(1),
      new ArrayBuffer(8),
      Float64Array.of(1.5),
      Buffer.from('a'),
      new URL('http://a/b'),
    ],
    ...[{ toJSON: () => 'other' }, { [Symbol('a')]: 1 }, new Point(), Object.create({ inherited: 1 })],
    ...[Object.defineProperty({}, 'x', { value: 1 }), new Array(3), Object.assign([1], { x: 2 })],
    ...[circular, deep],
  ];
}

/** Every call that stores a value. */
const writes: Readonly<Record<string, (cache: Cache, value: unknown, key?: string) => Promise<unknown>>> = {
  set: (cache, value, key = 'key') => cache.set(key, value, 60),
  setMany: (cache, value, key = 'key') => cache.setMany([{ key, value, ttlSeconds: 60 }]),
  setIfNewer: (cache, value, key = 'key') => cache.setIfNewer(key, timed(value), 60),
  replaceIfNewer: (cache, value, key = 'key') => cache.replaceIfNewer(key, timed(value), 60),
  setIfUnchanged: (cache, value, key = 'key') => cache.setIfUnchanged(key, undefined, { value }, 60),
  getEntryOrSet: (cache, value, key = 'key') => cache.getEntryOrSet(key, anything, { value }, 60),
};

const timed = (value: unknown) => ({ timestamp, value });

/** Every other call that takes a key. */
const reads: Readonly<Record<string, (cache: Cache, key: string) => Promise<unknown>>> = {
  get: (cache, key) => cache.get(key, anything),
  getEntry: (cache, key) => cache.getEntry(key, anything),
  getMany: (cache, key) => cache.getMany(['other', key], anything),
  getEntries: (cache, key) => cache.getEntries(['other', key], anything),
  exists: (cache, key) => cache.exists(key),
  delete: (cache, key) => cache.delete(key),
  deleteMany: (cache, key) => cache.deleteMany(['other', key]),
};

/** Calls that read the stored value of a key. */
const lookingCalls = ['get', 'getEntry', 'getEntries'] as const;
const lookingWrites = ['setIfNewer', 'replaceIfNewer', 'setIfUnchanged', 'getEntryOrSet'] as const;

/** Tests that the cache returns values unchanged or refuses them. */
export function losslessSuite(runner: TestRunner, open: OpenCacheFactory): void {
  const { describe, expect } = runner;
  const test = withOpened(runner, open);

  describe('Cached values', () => {
    for (const [name, write] of Object.entries(writes)) {
      test(`${name} refuses what JSON would drop or change`, async ({ backend: { cache }, keys }) => {
        for (const value of lossyValues()) {
          for (const wrapped of [value, { deep: [value] }, { deep: { value } }]) {
            const failure = await summaryOfRejection(() => write(cache, wrapped));
            expect(failure).toEqual({ code: 'VALIDATION', field: 'value' });
          }
        }
        expect(await keys()).toEqual([]);
      });
    }

    test('keeps members named __proto__', async ({ backend: { cache } }) => {
      const value = JSON.parse('{"__proto__":{"admin":true},"list":[{"__proto__":1}]}') as object;
      await cache.set('key', value, 60);
      const stored = (await cache.get('key', anything)) as Record<string, unknown>;
      expect(JSON.stringify(stored)).toBe(JSON.stringify(value));
      expect(stored['admin']).toBe(undefined);
    });

    test('refuses keys that are malformed or too long', async ({ backend: { cache }, keys }) => {
      const wrong = ['\ud800', 'a\udfff', 'x'.repeat(MAX_KEY_LENGTH + 1), 5 as never, undefined as never];
      for (const key of wrong) {
        for (const write of Object.values(writes)) {
          expect(await summaryOfRejection(() => write(cache, 1, key ?? (null as never)))).toMatchObject({
            code: 'VALIDATION',
            field: 'key',
          });
        }
        for (const read of Object.values(reads)) {
          expect((await summaryOfRejection(() => read(cache, key))).code).toBe('VALIDATION');
        }
      }
      expect(await keys()).toEqual([]);
      await cache.set('x'.repeat(MAX_KEY_LENGTH), 1, 60);
      expect(await keys()).toHaveLength(1);
    });

    test('setMany refuses invalid entries and names their unknown members', async ({
      backend: { cache },
      keys,
    }) => {
      const good = { key: 'key', value: 1, ttlSeconds: 60 };
      const wrong: [field: string, entries: unknown][] = [
        ['entries', [good, null]],
        ['entries', [good, undefined]],
        ['entries', Object.assign(new Array(2), { 0: good })],
        ['ttl', [{ ...good, ttl: 60 }]],
      ];
      for (const [field, entries] of wrong) {
        expect(await summaryOfRejection(() => cache.setMany(entries as never))).toEqual({
          code: 'VALIDATION',
          field,
        });
      }
      expect(await keys()).toEqual([]);
    });

    test('every reading call fails alike on a key of another type', async ({
      backend: { cache, marketStream, rateLimiter },
    }) => {
      const key = 'market:AAPL:stream';
      await marketStream.append('AAPL', [sample.tickSample('AAPL')]);
      const calls = [
        ...lookingCalls.map((name) => () => reads[name]!(cache, key)),
        ...lookingWrites.map((name) => () => writes[name]!(cache, 1, key)),
      ];
      const wrongType = 'the key holds a value of another type (WRONGTYPE)';
      for (const call of calls) {
        const error = await rejectionOf(call);
        expect([error.code, error.retryable, error.message.endsWith(` - ${wrongType}`)]).toEqual([
          'CACHE',
          false,
          true,
        ]);
      }
      expect(await cache.getMany([key], anything)).toEqual([null]);
      expect(await cache.exists(key)).toBe(true);
      await cache.set(key, 1, 60);
      const append = await rejectionOf(() => marketStream.append('AAPL', [sample.tickSample('AAPL')]));
      expect([append.code, append.message.endsWith(wrongType)]).toEqual(['CACHE', true]);
      await cache.set('rate_limit:ann:x', 1, 60);
      const limited = await rejectionOf(() =>
        rateLimiter.consume({ userId: 'ann', endpoint: 'x', limit: 1 }),
      );
      expect([limited.code, limited.message.endsWith(wrongType)]).toEqual(['CACHE', true]);
    });
  });
}
