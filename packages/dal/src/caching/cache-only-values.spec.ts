import { createHash } from 'node:crypto';
import type { Cache, CacheBackend, CallOptions, InvalidationListener } from '@quantumtrade/dal-domain';
import { CacheError, encodeFor, keyspaces } from '@quantumtrade/dal-domain';
import { ManualClock, memoryCacheBackend, memoryTimeSeries } from '@quantumtrade/dal-memory';
import { turn } from '@quantumtrade/dal-testing';
import { buildOutput } from '@quantumtrade/dal-testing/records';
import { SILENT_INVALIDATIONS } from '../testing/silent-invalidations.js';
import { DatabaseAbstraction } from '../database-abstraction.js';

type Figure = number;

/** One kind of value, of which each figure makes another. */
interface Kind {
  readonly key: string;
  readonly boundMs: number;
  save(database: DatabaseAbstraction, figure: Figure, options?: CallOptions): Promise<unknown>;
  find(database: DatabaseAbstraction, options?: CallOptions): Promise<object | null>;
  /** As another client stores it. */
  stored(figure: Figure): unknown;
}

const timestamp = new Date(Date.UTC(2024, 0, 2));
const regime = (confidence: number) => ({ symbol: 'A', regime: 'calm', confidence, timestamp });
const strategy = (x: number) => ({
  symbol: 'A',
  strategyName: 'trend',
  marketRegime: 'calm',
  parameters: { x },
  timestamp,
});
const performance = (totalTrades: number) => ({
  id: '3f2504e0-4f89-81d3-9a0c-0305e82c3301',
  strategyName: 'trend',
  marketRegime: 'calm',
  timestamp,
  accuracyRate: 0.5,
  profitLoss: '1',
  sharpeRatio: 1,
  maxDrawdown: 0,
  totalTrades,
  winRate: 0.5,
  parameters: {},
  marketConditions: {},
});
const tick = (close: number) => buildOutput('marketData', { symbol: 'A', timestamp, close: String(close) });
const session = (n: number) => ({ userId: 'ann', sessionId: 's', startedAt: timestamp, attributes: { n } });
const context = (n: number) => ({ userId: 'ann', roles: [String(n)], permissions: [] });

const kinds: Record<string, Kind> = {
  'a market regime': {
    key: 'regime:A:current',
    boundMs: 10_000,
    save: ({ realtime }, n, options) => realtime.setMarketRegime(regime(n), options),
    find: ({ realtime }, options) => realtime.marketRegime('A', options),
    stored: (n) => encodeFor(keyspaces.marketRegime, regime(n)),
  },
  'a selected strategy': {
    key: 'strategy:A:selected',
    boundMs: 10_000,
    save: ({ realtime }, n, options) => realtime.setSelectedStrategy(strategy(n), options),
    find: ({ realtime }, options) => realtime.selectedStrategy('A', options),
    stored: (n) => encodeFor(keyspaces.selectedStrategy, strategy(n)),
  },
  "a strategy's performance": {
    key: 'strategy:trend:performance',
    boundMs: 60_000,
    save: ({ realtime }, n, options) => realtime.setStrategyPerformance(performance(n), options),
    find: ({ realtime }, options) => realtime.strategyPerformance('trend', options),
    stored: (n) => encodeFor(keyspaces.strategyPerformance, performance(n)),
  },
  'a latest tick': {
    key: 'market:A:tick',
    boundMs: 1_000,
    save: ({ realtime }, n, options) => realtime.setLatestTick(tick(n), options),
    find: ({ realtime }, options) => realtime.latestTick('A', options),
    stored: (n) => encodeFor(keyspaces.latestTick, tick(n)),
  },
  'a session': {
    key: 'session:ann',
    boundMs: 5_000,
    save: ({ sessions }, n, options) => sessions.save(session(n), options),
    find: ({ sessions }, options) => sessions.find('ann', options),
    stored: (n) =>
      encodeFor(keyspaces.session, { sessions: [{ ...session(n), savedAt: timestamp }], ended: {} }),
  },
  'an auth context': {
    key: `auth:${createHash('sha256').update('token').digest('hex')}`,
    boundMs: 5_000,
    save: ({ authContexts }, n, options) => authContexts.save('token', context(n), options),
    find: ({ authContexts }, options) => authContexts.find('token', options),
    stored: (n) => encodeFor(keyspaces.authContext, context(n)),
  },
};

let clock: ManualClock;
let backend: CacheBackend;
let cache: Cache;
let reads: number;

beforeEach(() => {
  clock = new ManualClock(Date.UTC(2024, 0, 2));
  backend = memoryCacheBackend({ clock });
  ({ cache } = backend);
  reads = 0;
  const { getEntry } = cache;
  cache.getEntry = (...call) => {
    reads++;
    return getEntry.apply(cache, call) as never;
  };
});

const open = (invalidations = backend.invalidations) =>
  new DatabaseAbstraction({
    timeSeries: memoryTimeSeries({ clock }),
    cache: { ...backend, invalidations },
    clock,
  });

/** Opens a data layer that is not notified of any change. */
async function openUnnotified(): Promise<DatabaseAbstraction> {
  const database = open(SILENT_INVALIDATIONS);
  await turn();
  return database;
}

describe.each(Object.entries(kinds))('%s', (_, { key, boundMs, save, find, stored }) => {
  /** The value of a figure, as the store gives it. */
  async function valueOf(figure: Figure): Promise<unknown> {
    const other = open();
    await cache.set(key, stored(figure), 30);
    return find(other);
  }

  it('a value is served from this process, shared and frozen', async () => {
    const database = open();
    await save(database, 1);
    const value = (await find(database))!;
    reads = 0;
    expect(await find(database)).toBe(value);
    expect(reads).toBe(0);
    expect(Object.isFrozen(value)).toBe(true);
    const { cacheL1Hits, cacheL2Hits } = await database.getPerformanceMetrics();
    expect([cacheL1Hits, cacheL2Hits]).toEqual([1, 1]);
  });

  it('a value is current once a change by another client is announced', async () => {
    const database = open();
    const second = await valueOf(2);
    await save(database, 1);
    await find(database);
    await cache.set(key, stored(2), 30);
    expect(await find(database)).toEqual(second);
    await cache.delete(key);
    expect(await find(database)).toBeNull();
  });

  it('a value is current at once after any write of this process', async () => {
    const second = await valueOf(2);
    const third = await valueOf(3);
    const database = await openUnnotified();
    await save(database, 1);
    await find(database);
    await save(database, 2);
    expect(await find(database)).toEqual(second);
    // These keys are reserved.
    if (/^(session|auth):/.test(key)) return;
    await database.cacheSet(key, stored(3), 30);
    expect(await find(database)).toEqual(third);
    await database.transaction((tx) => tx.cacheDelete(key));
    expect(await find(database)).toBeNull();
  });

  it('a value is read again after its bound without a notification', async () => {
    const second = await valueOf(2);
    const database = await openUnnotified();
    await save(database, 1);
    const first = await find(database);
    await cache.set(key, stored(2), 3_600);
    clock.advance(boundMs - 1);
    expect(await find(database)).toBe(first);
    clock.advance(1);
    expect(await find(database)).toEqual(second);
  });

  it('a value is not kept while invalidations are disconnected', async () => {
    let listener: InvalidationListener | undefined;
    const database = open({
      listen: (given) => {
        listener = given;
        return () => undefined;
      },
    });
    listener!.onConnected();
    await save(database, 1);
    await find(database);
    listener!.onDisconnected();
    reads = 0;
    await find(database);
    await find(database);
    expect(reads).toBe(2);
  });

  it('a value cannot be read when cache or database are away', async () => {
    const database = open();
    await save(database, 1);
    await find(database);
    await database.close();
    await expect(find(database)).rejects.toMatchObject({ code: 'CONNECTION' });
    const broken = open();
    cache.getEntry = () => Promise.reject(new CacheError('gone', { operation: 'test' }));
    await expect(find(broken)).rejects.toMatchObject({ code: 'CACHE' });
  });

  it('a call that has ended neither reads nor writes a value', async () => {
    const database = open();
    await save(database, 1);
    const first = await find(database);
    const reason = new Error('not needed any more');
    const signal = AbortSignal.abort(reason);
    await expect(find(database, { signal })).rejects.toBe(reason);
    await expect(save(database, 2, { signal })).rejects.toBe(reason);
    await expect(find(database, { deadline: Date.now() - 1 })).rejects.toMatchObject({ code: 'TIMEOUT' });
    await turn();
    expect(await find(database)).toEqual(first);
  });
});

it('ends a session and revokes a token at once, and only once', async () => {
  const { sessions, authContexts } = await openUnnotified();
  await sessions.save(session(1));
  await authContexts.save('token', context(1));
  await sessions.find('ann');
  await authContexts.find('token');
  expect([await sessions.end('ann'), await authContexts.revoke('token')]).toEqual([true, true]);
  expect([await sessions.find('ann'), await authContexts.find('token')]).toEqual([null, null]);
  expect([await sessions.end('ann'), await authContexts.revoke('token')]).toEqual([false, false]);
});

it('a token revoked during a lookup is unknown afterwards', async () => {
  const { authContexts } = await openUnnotified();
  await authContexts.save('token', context(1));
  let answer = () => {};
  const held = new Promise<void>((resolve) => (answer = resolve));
  const { getEntry } = cache;
  cache.getEntry = (async (...call: Parameters<typeof getEntry>) => {
    const entry = await getEntry.apply(cache, call);
    await held;
    return entry;
  }) as typeof getEntry;
  const early = authContexts.find('token');
  await turn();
  cache.getEntry = getEntry;
  expect(await authContexts.revoke('token')).toBe(true);
  const late = authContexts.find('token');
  answer();
  expect(await early).toEqual(context(1));
  expect(await late).toBeNull();
  expect(await authContexts.find('token')).toBeNull();
});

it('an older tick that arrives late does not replace a newer one', async () => {
  const { realtime } = open();
  const later = { ...tick(2), timestamp: new Date(timestamp.getTime() + 1) };
  expect(await realtime.setLatestTick(later)).toBe(true);
  await realtime.latestTick('A');
  expect(await realtime.setLatestTick(tick(1))).toBe(false);
  expect(await realtime.latestTick('A')).toEqual(later);
});

it.each([undefined, null, 42, {}])('refuses real-time values of %p', async (name) => {
  const database = new DatabaseAbstraction({ timeSeries: memoryTimeSeries(), cache: memoryCacheBackend() });
  const { realtime, sessions, authContexts } = database;
  const calls = [
    () => realtime.marketRegime(name as string),
    () => sessions.find(name as string),
    () => sessions.end(name as string),
    () => authContexts.find(name as string),
    () => authContexts.revoke(name as string),
  ];
  for (const call of calls) await expect(call()).rejects.toMatchObject({ code: 'VALIDATION' });
  await database.close();
});
