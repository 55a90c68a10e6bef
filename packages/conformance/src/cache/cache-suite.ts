import { printedForms, summaryOfRejection, rejectionOf } from '../failures.js';
import type { TestRunner } from '../runner.js';
import type { OpenCacheFactory } from './open-cache.js';
import { withOpened } from '../with-opened.js';

/** Accepts any decoded value unchanged. */
const anything = { parse: (value: unknown) => value };

const at = (timestamp: string, note = '') => ({ timestamp, note });
const earlier = '2024-01-02T12:00:00.000Z';
const later = '2024-01-02T12:00:00.001Z';

/** Stored texts without a timestamp to compare. */
const untimed = [
  '{}',
  '{"timestamp":9999999999999}',
  '{"timestamp":"tomorrow"}',
  '{"timestamp":"9999-01-01T00:00:00+02:00"}',
  '{"timestamp":null}',
  '{"deep":{"timestamp":"9999-01-01T00:00:00.000Z"}}',
  '["9999-01-01T00:00:00.000Z"]',
  '"9999-01-01T00:00:00.000Z"',
  'null',
  '7',
  'not JSON',
  '',
];

type TimedWrite = 'setIfNewer' | 'replaceIfNewer';

/** Tests single keys of `Cache`. */
export function cacheSuite(runner: TestRunner, open: OpenCacheFactory): void {
  const { describe, expect } = runner;
  const test = withOpened(runner, open);

  describe('Cache', () => {
    test('get returns the value that set stored, Unicode included', async ({ backend: { cache }, keys }) => {
      const value = { text: 'naïve 株 🚀 \u0000', list: [1.5, null, true, { deep: '' }], '': 0 };
      await cache.set('clé:株 🚀 {x} %', value, 60);
      expect(await cache.get('clé:株 🚀 {x} %', anything)).toEqual(value);
      expect(await keys()).toEqual(['clé:株 🚀 {x} %']);
    });

    test('get returns null for an absent key', async ({ backend: { cache } }) => {
      expect(await cache.get('missing', anything)).toBeNull();
    });

    test('exists distinguishes a stored null from an absent key', async ({ backend: { cache } }) => {
      await cache.set('nothing', null, 60);
      expect(await cache.get('nothing', anything)).toBeNull();
      expect(await cache.exists('nothing')).toBe(true);
    });

    test('set overwrites the value and its time to live', async ({ backend: { cache }, ttlMs }) => {
      await cache.set('key', 1, 600);
      await cache.set('key', 2, 60);
      expect(await cache.get('key', anything)).toBe(2);
      expect((await ttlMs('key'))! <= 60_000).toBe(true);
    });

    test('removes a value when its fractional time to live ends', async (opened) => {
      const { cache } = opened.backend;
      await cache.set('short', 'a', 300.5);
      await cache.set('long', 'b', 1_200);
      await opened.advance(290_000);
      expect(await cache.get('short', anything)).toBe('a');
      await opened.advance(10_500);
      expect(await cache.get('short', anything)).toBeNull();
      expect(await cache.exists('short')).toBe(false);
      expect(await cache.delete('short')).toBe(false);
      expect(await opened.keys()).toEqual(['long']);
    });

    test('set accepts a time to live below one millisecond', async ({ backend: { cache } }) => {
      await cache.set('key', 'gone at once', 0.000_1);
    });

    test('stores a copy of the value and returns copies', async ({ backend: { cache } }) => {
      const value = { list: [1] };
      await cache.set('key', value, 60);
      value.list.push(2);
      const first = (await cache.get('key', anything)) as typeof value;
      first.list.push(3);
      expect(await cache.get('key', anything)).toEqual({ list: [1] });
    });

    test('delete returns whether the key held a value', async ({ backend: { cache } }) => {
      await cache.set('key', 1, 60);
      expect(await cache.exists('key')).toBe(true);
      expect(await cache.delete('key')).toBe(true);
      expect(await cache.delete('key')).toBe(false);
      expect(await cache.exists('key')).toBe(false);
    });

    test('refuses an invalid time to live', async ({ backend: { cache } }) => {
      for (const ttl of [0, -1, NaN, Infinity, 1e300]) {
        const refused = { code: 'VALIDATION', field: 'ttlSeconds' };
        expect(await summaryOfRejection(() => cache.set('key', 1, ttl))).toEqual(refused);
        expect(await summaryOfRejection(() => cache.setIfNewer('key', at(later), ttl))).toEqual(refused);
        expect(await summaryOfRejection(() => cache.replaceIfNewer('key', at(later), ttl))).toEqual(refused);
      }
    });

    test('get fails with CacheError that hides an invalid stored value', async ({
      backend: { cache },
      putText,
    }) => {
      const refuses = {
        parse: (value: unknown) => {
          throw new Error(`bad: ${JSON.stringify(value)}`);
        },
      };
      for (const text of ['{"secret":"s3cr3t"}', '"s3cr3t', 's3cr3t', '']) {
        await putText('key', text);
        const error = await rejectionOf(() => cache.get('key', refuses));
        expect([error.code, error.operation, error.retryable]).toEqual(['CACHE', 'cache.get', false]);
        expect(printedForms(error).includes('s3cr3t')).toBe(false);
      }
    });

    for (const write of ['setIfNewer', 'replaceIfNewer'] as const) timedWriteTests(write);

    test('setIfNewer sets an absent key', async ({ backend: { cache }, ttlMs }) => {
      expect(await cache.setIfNewer('key', at(later), 60)).toBe(true);
      expect(await cache.get('key', anything)).toEqual(at(later));
      expect((await ttlMs('key'))! <= 60_000).toBe(true);
    });

    test('setIfNewer replaces a stored value without a timestamp', async ({
      backend: { cache },
      putText,
    }) => {
      for (const text of untimed) {
        await putText('key', text);
        expect([text, await cache.setIfNewer('key', at(earlier), 60)]).toEqual([text, true]);
        expect(await cache.get('key', anything)).toEqual(at(earlier));
      }
    });

    test('setIfNewer replaces a value of the same instant', async ({ backend: { cache } }) => {
      await cache.set('key', at(later, 'first'), 60);
      expect(await cache.setIfNewer('key', at(later, 'second'), 60)).toBe(true);
      expect(await cache.get('key', anything)).toEqual(at(later, 'second'));
    });

    test('replaceIfNewer leaves an absent key absent', async ({ backend: { cache }, keys }) => {
      expect(await cache.replaceIfNewer('key', at(later), 60)).toBe(false);
      expect(await keys()).toEqual([]);
    });

    test('replaceIfNewer deletes a value of the same instant', async ({ backend: { cache }, keys }) => {
      await cache.set('key', at(later, 'first'), 60);
      expect(await cache.replaceIfNewer('key', at(later, 'second'), 60)).toBe(false);
      expect(await keys()).toEqual([]);
    });

    test('replaceIfNewer deletes a stored value without a timestamp', async ({
      backend: { cache },
      putText,
      keys,
    }) => {
      for (const text of untimed) {
        await putText('key', text);
        expect([text, await cache.replaceIfNewer('key', at(later), 60)]).toEqual([text, false]);
        expect(await keys()).toEqual([]);
      }
    });

    test('setIfNewer compares with a value that another writer stored', async ({
      backend: { cache },
      putText,
    }) => {
      await putText('key', '{"timestamp":"2024-01-02T12:00:00Z","note":"\\ud83d\\ude80 \\ud800 \\\\ud800"}');
      expect(await cache.setIfNewer('key', at('2024-01-02T11:59:59.999Z'), 60)).toBe(false);
      expect(await cache.setIfNewer('key', at(earlier), 60)).toBe(true);
    });
  });

  function timedWriteTests(write: TimedWrite): void {
    test(`${write} replaces an earlier value and its time to live`, async ({ backend: { cache }, ttlMs }) => {
      await cache.set('key', at(earlier), 600);
      expect(await cache[write]('key', at(later, 'new'), 60)).toBe(true);
      expect(await cache.get('key', anything)).toEqual(at(later, 'new'));
      expect((await ttlMs('key'))! <= 60_000).toBe(true);
    });

    test(`${write} keeps a later value and its time to live`, async ({ backend: { cache }, ttlMs }) => {
      await cache.set('key', at(later), 600);
      expect(await cache[write]('key', at(earlier), 60)).toBe(false);
      expect(await cache.get('key', anything)).toEqual(at(later));
      expect((await ttlMs('key'))! > 60_000).toBe(true);
    });

    test(`${write} compares instants, not texts`, async ({ backend: { cache } }) => {
      const ascending = [
        '0001-01-01T00:00:00Z',
        '1969-12-31T23:59:59.999Z',
        '2023-12-31T23:59Z',
        '2023-12-31T23:59:30.5Z',
        '2024-02-29T00:00:00Z',
        '2024-02-29T00:00:00.010Z',
        '2024-02-29T00:00:00.1Z',
        '2024-02-29T00:00:01.123456Z',
        '2024-02-29T00:00:01.124Z',
        '2024-10-01T00:00:00.000Z',
        '9999-12-31T23:59:59.999Z',
      ];
      for (let i = 1; i < ascending.length; i++) {
        await cache.set('key', at(ascending[i]!), 60);
        expect([ascending[i], await cache[write]('key', at(ascending[i - 1]!), 60)]).toEqual([
          ascending[i],
          false,
        ]);
        await cache.set('key', at(ascending[i - 1]!), 60);
        expect([ascending[i], await cache[write]('key', at(ascending[i]!), 60)]).toEqual([
          ascending[i],
          true,
        ]);
      }
    });

    test(`${write} refuses a value without a timestamp`, async ({ backend: { cache } }) => {
      for (const timestamp of ['', 'now', '2024-01-02', '2024-01-02T12:00:00', '2024-13-02T12:00:00Z']) {
        const failure = await summaryOfRejection(() => cache[write]('key', { timestamp }, 60));
        expect(failure).toEqual({ code: 'VALIDATION', field: 'timestamp' });
      }
    });

    test(`${write} lets the newest of 100 concurrent writers win`, async ({ backend: { cache } }) => {
      await cache.set('key', at('2024-01-01T00:00:00.000Z'), 60);
      const instants = shuffledInstants(100);
      const taken = await Promise.all(instants.map((instant) => cache[write]('key', at(instant), 60)));
      const newest = instants.toSorted().at(-1)!;
      expect(await cache.get('key', anything)).toEqual(at(newest));
      expect(taken[instants.indexOf(newest)]).toBe(true);
      expect(taken).toEqual(runningMaxima(instants));
    });
  }
}

/** Returns instants in an arbitrary order that is the same in every run. */
function shuffledInstants(count: number): string[] {
  return Array.from({ length: count }, (_, i) =>
    new Date(Date.UTC(2024, 0, 2) + ((i * 37 + 11) % count)).toISOString(),
  );
}

/** Returns for each instant whether it is newer than all before it: the commands of one client arrive in order. */
function runningMaxima(instants: readonly string[]): boolean[] {
  return instants.map((instant, i) => instants.slice(0, i).every((before) => before < instant));
}
