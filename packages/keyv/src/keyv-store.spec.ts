import { ManualClock, memoryCacheBackend } from '@quantumtrade/dal-memory';
import type { Cache } from '@quantumtrade/dal-domain';
import { CacheError, ConnectionError, ValidationError } from '@quantumtrade/dal-domain';
import { Keyv } from 'keyv';
import { KeyvStore } from './keyv-store.js';

const HOUR = 3_600_000;

let clock: ManualClock;
let cache: Cache;

beforeEach(() => {
  clock = new ManualClock(Date.UTC(2024, 0, 2));
  cache = memoryCacheBackend({ clock }).cache;
});

function openStore(namespace?: string, over = cache): KeyvStore {
  const store = new KeyvStore(over, { maxTtlMs: HOUR, clock });
  store.namespace = namespace;
  return store;
}

/** Returns the cache with an action before each call of one operation. */
function runBefore<K extends keyof Cache>(operation: K, act: () => Promise<unknown>): Cache {
  return new Proxy(cache, {
    get: (target, name) => {
      const method = target[name as K] as (...args: unknown[]) => Promise<unknown>;
      const call = method.bind(target);
      return name === operation ? (...args: unknown[]) => act().then(() => call(...args)) : call;
    },
  });
}

it('set without a ttl keeps a value for maxTtlMs', async () => {
  const store = openStore();
  await store.set('none', 'a');
  await store.set('zero', 'b', 0);
  await store.set('longer', 'c', 2 * HOUR);
  clock.advance(HOUR - 1);
  expect(await store.getMany(['none', 'zero', 'longer'])).toEqual(['a', 'b', 'c']);
  clock.advance(1);
  expect(await store.getMany(['none', 'zero', 'longer'])).toEqual([undefined, undefined, undefined]);
});

it('set with a ttl keeps a value for that many milliseconds', async () => {
  const store = openStore();
  await store.set('key', 'value', 1_500);
  clock.advance(1_499);
  expect(await store.get('key')).toBe('value');
  clock.advance(1);
  expect(await store.get('key')).toBeUndefined();
});

it.each([0, -1, 1.5, Number.NaN, Number.POSITIVE_INFINITY])(
  'the constructor refuses %p as maxTtlMs',
  (maxTtlMs) => {
    expect(() => new KeyvStore(cache, { maxTtlMs })).toThrow(ValidationError);
  },
);

it('clear hides its own namespace for every store, and no other', async () => {
  const [first, second, other] = [openStore('a'), openStore('a'), openStore('b')];
  await first.setMany([
    { key: '1', value: 'one' },
    { key: '2', value: 'two' },
  ]);
  await other.set('1', 'other');
  await second.clear();
  expect(await first.hasMany(['1', '2'])).toEqual([false, false]);
  expect(await other.get('1')).toBe('other');
});

it('get returns a value set after a clear', async () => {
  const store = openStore();
  await store.set('key', 'old');
  await store.clear();
  await store.set('key', 'new');
  expect(await store.get('key')).toBe('new');
});

it('clear hides a value whose write it overtook', async () => {
  const cleared = runBefore('setMany', () => openStore().clear());
  await openStore('', cleared).set('overtaken', 'value');
  await openStore().set('later', 'value');
  expect(await openStore().getMany(['overtaken', 'later'])).toEqual([undefined, 'value']);
});

it('values stay visible for their whole life under continuous writes', async () => {
  const store = openStore();
  for (let written = 0; written < 20; written++) {
    await store.set('key', `value ${written}`);
    clock.advance(HOUR * 0.7);
    expect(await store.get('key')).toBe(`value ${written}`);
  }
});

it('a lost generation hides values and never restores cleared ones', async () => {
  const store = openStore('a');
  await store.set('cleared', 'value');
  await store.clear();
  await store.set('key', 'value');
  await cache.delete('keyv:a:generation');
  expect(await store.getMany(['cleared', 'key'])).toEqual([undefined, undefined]);
  await store.set('key', 'again');
  expect(await store.getMany(['cleared', 'key'])).toEqual([undefined, 'again']);
});

it('namespaces that are prefixes of each other stay separate', async () => {
  const [short, long, escaped] = [openStore('a'), openStore('a:value'), openStore('a%3Avalue')];
  await short.set('value:key', 'short');
  await long.set('key', 'long');
  await escaped.set('key', 'escaped');
  expect(await short.get('value:key')).toBe('short');
  expect(await long.get('key')).toBe('long');
  expect(await escaped.get('key')).toBe('escaped');
});

it('delete returns whether there was a value', async () => {
  const store = openStore();
  await store.setMany([
    { key: '1', value: 'one' },
    { key: '2', value: 'two' },
  ]);
  expect(await store.deleteMany(['2', '3'])).toBe(true);
  expect(await store.deleteMany(['2', '3'])).toBe(false);
  await store.clear();
  expect(await store.delete('1')).toBe(false);
});

it('set uses the namespace at the time of the call', async () => {
  const store = openStore('a');
  const written = store.set('key', 'value');
  store.namespace = 'b';
  await written;
  expect(await openStore('a').get('key')).toBe('value');
  expect(await openStore('b').has('key')).toBe(false);
});

it('set refuses a value that is not a string', async () => {
  const store = openStore();
  await expect(store.set('key', { value: 1 })).rejects.toThrow(ValidationError);
});

it('set fails with CacheError when the generation keeps changing', async () => {
  const changing = runBefore('setIfUnchanged', () => cache.set('keyv::generation', String(Math.random()), 1));
  await expect(openStore('', changing).set('key', 'value')).rejects.toThrow(CacheError);
});

describe('with an unavailable cache', () => {
  const gone = new ConnectionError('gone', { operation: 'test' });
  let keyv: Keyv;
  let events: unknown[];

  beforeEach(() => {
    const failing = new Proxy(cache, { get: () => () => Promise.reject(gone) });
    keyv = new Keyv({ store: openStore(undefined, failing) });
    events = [];
    keyv.on('error', (error) => events.push(error));
  });

  it('get of Keyv is a miss and emits one error event', async () => {
    expect(await keyv.get('key')).toBeUndefined();
    expect(events).toEqual([gone]);
  });

  it('set of Keyv returns false and emits one error event', async () => {
    expect(await keyv.set('key', 'value')).toBe(false);
    expect(events).toEqual([gone]);
  });

  it('calls reject with the error when Keyv passes it on', async () => {
    await expect(keyv.getMany(['key'])).rejects.toBe(gone);
    await expect(keyv.has('key')).rejects.toBe(gone);
    keyv.throwOnErrors = true;
    await expect(keyv.get('key')).rejects.toBe(gone);
  });
});

it.each([
  ['prefix', { prefix: 'session' }],
  ['prefix', { prefix: 'AUTH' }],
  ['maxTtl', { maxTtl: 5 }],
])('the constructor refuses a wrong %s', (_, options) => {
  expect(() => new KeyvStore(memoryCacheBackend().cache, { maxTtlMs: 1_000, ...options })).toThrow(
    expect.objectContaining({ code: 'VALIDATION' }),
  );
});
