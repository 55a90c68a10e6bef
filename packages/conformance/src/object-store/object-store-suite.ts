import { MAX_OBJECT_BYTES, type ObjectStore } from '@quantumtrade/dal-domain/operations';
import type { CallOptions } from '@quantumtrade/dal-domain';
import { foreignFailures, rejectionOf, summaryOfRejection } from '../failures.js';
import type { TestRunner } from '../runner.js';
import { withOpened } from '../with-opened.js';
import { collect } from '../time-series/method-cases.js';
import { listedKeys, type OpenObjectStoreFactory } from './open-object-store.js';

type Call = (store: ObjectStore, options?: CallOptions) => Promise<unknown>;

const bytes = (...values: number[]) => Uint8Array.from(values);

/** Every call, on a store without objects. */
const calls: Readonly<Record<string, Call>> = {
  put: (store, options) => store.put('a/b', bytes(1), options),
  get: (store, options) => store.get('a/b', options),
  list: (store, options) => collect(store.list('a/', options)),
  deleteMany: (store, options) => store.deleteMany(['a/b'], options),
  retain: (store, options) => store.retain([], new Date(), options),
};

/** In the order of their bytes: `-` precedes `.`, which precedes `/`. */
const ordered = ['A/z', '_/a', 'a-b', 'a.b', 'a/b-c', 'a/b.c', 'a/b/c', 'a/b0', 'a0/b', 'b'].sort();

export interface ObjectStoreSuiteSettings {
  /** Number of objects that one list and one deletion have, best more than a store returns at once. @default 1,005 (objects) */
  readonly manyObjects?: number;
}

/** Tests `ObjectStore`. */
export function objectStoreSuite(
  runner: TestRunner,
  open: OpenObjectStoreFactory,
  { manyObjects = 1_005 }: ObjectStoreSuiteSettings = {},
): void {
  const { describe, expect } = runner;
  const test = withOpened(runner, open);

  describe('ObjectStore', () => {
    test('get returns the bytes that put stored', async ({ store }) => {
      const all = Uint8Array.from({ length: 100_000 }, (_, i) => (i * 31 + (i >> 8)) % 256);
      await store.put('a/all', all);
      await store.put('a/none', bytes());
      expect(sameBytes(await store.get('a/all'), all)).toBe(true);
      expect(sameBytes(await store.get('a/none'), bytes())).toBe(true);
    });

    test('get returns undefined for a missing object', async ({ store }) => {
      await store.put('a/b', bytes(1));
      const missing = await Promise.all(['a', 'a/c', 'b', 'a/b/c'].map((key) => store.get(key)));
      expect(missing).toEqual([undefined, undefined, undefined, undefined]);
    });

    test('put replaces an object of the same key', async ({ store }) => {
      await store.put('a', bytes(1, 2, 3));
      await store.put('a', bytes(4));
      expect(sameBytes(await store.get('a'), bytes(4))).toBe(true);
      expect(await listedKeys(store)).toEqual(['a']);
    });

    test('stores a copy of the bytes and returns copies', async ({ store }) => {
      const given = bytes(1);
      await store.put('a', given);
      given[0] = 2;
      (await store.get('a'))![0] = 3;
      expect((await store.get('a'))![0]).toBe(1);
    });

    test('concurrent puts of one key leave one whole object', async ({ store }) => {
      const sizes = [10, 70_000, 1, 300_000, 5_000];
      await Promise.all(sizes.map((size) => store.put('a', new Uint8Array(size).fill(size % 251))));
      const stored = (await store.get('a'))!;
      expect(sizes.includes(stored.length)).toBe(true);
      expect(stored.every((byte) => byte === stored.length % 251)).toBe(true);
    });

    test('list returns keys in the order of their bytes', async ({ store }) => {
      for (const key of ordered.toReversed()) await store.put(key, bytes(1));
      expect(await listedKeys(store)).toEqual(ordered);
      for (const prefix of ['a', 'a/', 'a/b', 'a/b/', 'a.', 'b', 'c', 'a/b/c/']) {
        expect(await listedKeys(store, prefix)).toEqual(ordered.filter((key) => key.startsWith(prefix)));
      }
    });

    test('list returns size and time of an object', async ({ store }) => {
      const before = Date.now();
      await store.put('a/b', bytes(1, 2, 3));
      const [object] = await collect(store.list(''));
      expect(object!.size).toBe(3);
      // Some stores know seconds only, and have clocks of their own.
      expect(Math.abs(Number(object!.modifiedAt) - before) < 60_000).toBe(true);
    });

    test('lists and deletes many objects', async ({ store }) => {
      const keys = Array.from({ length: manyObjects }, (_, i) => `many/${String(i).padStart(4, '0')}`);
      for (let from = 0; from < keys.length; from += 20) {
        await Promise.all(keys.slice(from, from + 20).map((key) => store.put(key, bytes(1))));
      }
      await store.put('other', bytes(1));
      expect(await listedKeys(store, 'many/')).toEqual(keys);
      await store.deleteMany(keys);
      expect(await listedKeys(store)).toEqual(['other']);
    });

    test('deleteMany skips missing objects', async ({ store }) => {
      await store.put('a/b', bytes(1));
      await store.put('c', bytes(1));
      await store.deleteMany(['missing', 'a', 'a/b', 'a/b/c', 'a/b']);
      await store.deleteMany([]);
      expect(await listedKeys(store)).toEqual(['c']);
      await store.put('a/b', bytes(2));
      expect(await listedKeys(store)).toEqual(['a/b', 'c']);
    });

    test('keeps a locked object and names it', async ({ store, locks }) => {
      const retainUntil = new Date(Date.now() + 60_000);
      const put = () => store.put('a/locked', bytes(1), { retainUntil });
      if (!locks) {
        expect(await summaryOfRejection(put)).toEqual({ code: 'VALIDATION', field: 'retainUntil' });
        expect(await listedKeys(store)).toEqual([]);
        return;
      }
      await put();
      await store.put('a/free', bytes(2));
      const error = await rejectionOf(() => store.deleteMany(['a/free', 'a/locked']));
      expect([error.code, error.kind, error.retryable]).toEqual(['QUERY', 'OBJECT_LOCKED', false]);
      expect(error.message.includes('a/locked')).toBe(true);
      expect(await listedKeys(store)).toEqual(['a/locked']);
      expect(sameBytes(await store.get('a/locked'), bytes(1))).toBe(true);
    });

    test('retain locks an object for longer and never for less', async ({ store, locks }) => {
      const [soon, later] = [2_000, 120_000].map((ms) => new Date(Date.now() + ms)) as [Date, Date];
      await store.put('a/free', bytes(1));
      await store.put('a/locked', bytes(2), locks ? { retainUntil: soon } : {});
      const retain = (until: Date) => store.retain(['a/free', 'a/locked'], until);
      if (!locks) {
        expect(await summaryOfRejection(() => retain(later))).toEqual({
          code: 'VALIDATION',
          field: 'retainUntil',
        });
        await store.deleteMany(['a/free', 'a/locked']);
        expect(await listedKeys(store)).toEqual([]);
        return;
      }
      await retain(later);
      await retain(soon);
      for (const key of ['a/free', 'a/locked']) {
        const error = await rejectionOf(() => store.deleteMany([key]));
        expect([error.kind, error.message.includes(later.toISOString().slice(0, 19))]).toEqual([
          'OBJECT_LOCKED',
          true,
        ]);
      }
      expect(sameBytes(await store.get('a/locked'), bytes(2))).toBe(true);
    });

    test('retain names an object that is missing', async ({ store, locks }) => {
      const until = new Date(Date.now() + 60_000);
      await store.retain([], until);
      const error = await rejectionOf(() => store.retain(['a/missing'], until));
      expect(error.retryable).toBe(false);
      // A store that locks nothing may say so first.
      if (!locks && error.code === 'VALIDATION') return;
      expect([error.code, error.message.includes('the object a/missing is missing')]).toEqual([
        'QUERY',
        true,
      ]);
    });

    test('refuses an object that is too large', async ({ store }) => {
      const put = () => store.put('a', new Uint8Array(MAX_OBJECT_BYTES + 1));
      expect(await summaryOfRejection(put)).toEqual({ code: 'VALIDATION', field: 'bytes' });
    });

    test('refuses keys that are not plain', async ({ store }) => {
      for (const key of ['', '/a', 'a/', '../a', 'a/../../b', '.a', 'a b', 'a\\b', 'ä', 'k'.repeat(600)]) {
        const refused = { code: 'VALIDATION', field: 'key' };
        expect(await summaryOfRejection(() => store.put(key, bytes(1)))).toEqual(refused);
        expect(await summaryOfRejection(() => store.get(key))).toEqual(refused);
        expect(await summaryOfRejection(() => store.deleteMany([key]))).toEqual(refused);
        expect(await summaryOfRejection(() => store.retain([key], new Date()))).toEqual(refused);
      }
      const listed = { code: 'VALIDATION', field: 'prefix' };
      expect(await summaryOfRejection(() => collect(store.list('../')))).toEqual(listed);
    });

    test('refuses wrong arguments with an error of the data layer', async ({ store }) => {
      const methods: [(...args: never[]) => unknown, unknown[]][] = [
        [store.put.bind(store), ['a', bytes(1), {}]],
        [store.get.bind(store), ['a', {}]],
        [(prefix: string, options: object) => collect(store.list(prefix, options)), ['', {}]],
        [store.deleteMany.bind(store), [['a'], {}]],
        [store.retain.bind(store), [[], new Date(), {}]],
      ];
      for (const [method, args] of methods) {
        expect(await foreignFailures(method as (...args: unknown[]) => unknown, args)).toEqual([]);
      }
    });

    for (const [name, call] of Object.entries(calls)) {
      test(`${name} ends with its signal and its deadline`, async ({ store }) => {
        const reason = new Error('not needed any more');
        const aborted = call(store, { signal: AbortSignal.abort(reason) });
        expect(await aborted.catch((error: unknown) => error)).toBe(reason);
        const late = await rejectionOf(() => call(store, { deadline: Date.now() - 1 }));
        expect([late.code, late.retryable]).toEqual(['TIMEOUT', true]);
        await call(store, { signal: new AbortController().signal, deadline: Date.now() + 60_000 });
      });

      test(`${name} fails with ConnectionError once the store is closed`, async ({ store }) => {
        await store.close();
        await store.close();
        const error = await rejectionOf(() => call(store));
        expect([error.code, error.retryable]).toEqual(['CONNECTION', false]);
      });
    }
  });
}

const sameBytes = (given: Uint8Array | undefined, expected: Uint8Array): boolean =>
  given !== undefined && Buffer.from(given).equals(expected);
