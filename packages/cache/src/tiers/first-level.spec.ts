import { keyspaces } from '@quantumtrade/dal-domain';
import { openCluster } from '../testing/cluster.js';
import { openLimited, openWithValue, RSI, RSI_KEY } from '../testing/features.js';
import { freeze } from './first-level.js';

it('drops a value when it expires on the second level', async () => {
  const { foreign, features, timers } = await openWithValue();
  await foreign.set(RSI_KEY, 2, 10);
  timers.advance(4_000);
  expect(await features.get(RSI)).toBe(2);
  timers.advance(5_999);
  expect(features.peek(RSI)).toBe(2);
  timers.advance(1);
  expect(features.peek(RSI)).toBeUndefined();
  expect(await features.get(RSI)).toBeNull();
});

it('drops a value after the l1TtlMs of its keyspace', async () => {
  const { features, timers } = await openWithValue({ l1TtlMs: 100 });
  timers.advance(99);
  expect(features.peek(RSI)).toBe(1);
  timers.advance(1);
  expect(features.peek(RSI)).toBeUndefined();
  expect(await features.get(RSI)).toBe(1);
});

it.each([{ maxEntries: 10 }, { maxBytes: 10 * 16 }])(
  'evicts the least recently used value beyond %j',
  async (limits) => {
    const { foreign, here, features } = await openLimited(limits);
    const parts = Array.from({ length: 100 }, (_, i) => ({ symbol: `S${i}`, featureName: 'rsi' }));
    for (const [i, { symbol }] of parts.entries()) await foreign.set(`features:${symbol}:rsi`, i, 60);
    for (const each of parts) {
      await features.get(parts[0]!);
      await features.get(each);
    }
    expect(here.cache.stats().entries).toBe(10);
    const isAtHand = parts.map((each) => features.peek(each) !== undefined);
    expect(isAtHand.flatMap((is, i) => (is ? [i] : []))).toEqual([0, 91, 92, 93, 94, 95, 96, 97, 98, 99]);
  },
);

it.each([
  [1, { maxEntries: 1 }],
  [2, { maxEntries: 2 }],
  [1, { maxBytes: 16 }],
  [2, { maxBytes: 2 * 16 }],
])('keeps %i other values when one changes (%j)', async (capacity, limits) => {
  const { foreign, features } = await openLimited(limits);
  const macd = { symbol: 'AAPL', featureName: 'macd' };
  await foreign.set(RSI_KEY, 1, 60);
  await foreign.set('features:AAPL:macd', 2, 60);
  await features.get(RSI);
  await foreign.set('features:MSFT:rsi', 3, 60);
  expect(features.peek(RSI)).toBe(1);
  await features.get(macd);
  await foreign.set('features:MSFT:rsi', 4, 60);
  expect([features.peek(RSI), features.peek(macd)]).toEqual([capacity === 1 ? undefined : 1, 2]);
});

it.each([{ maxEntries: 2 }, { maxBytes: 2 * 16 }])(
  'frees its whole capacity when its last value goes (%j)',
  async (limits) => {
    const { here, features } = await openLimited(limits);
    const macd = { symbol: 'AAPL', featureName: 'macd' };
    await features.set(RSI, 1);
    await features.get(RSI);
    const full = { entries: here.cache.stats().entries, bytes: here.cache.stats().bytes };
    for (let n = 0; n < 3; n++) {
      await features.delete(RSI);
      expect(here.cache.stats()).toMatchObject({ entries: 0, bytes: 0 });
      await features.set(RSI, 1);
      await features.get(RSI);
      expect(here.cache.stats()).toMatchObject(full);
    }
    await features.set(macd, 2);
    await features.get(macd);
    expect([features.peek(RSI), features.peek(macd)]).toEqual([1, 2]);
    expect(here.cache.stats()).toMatchObject({ entries: 2, bytes: 2 * full.bytes });
  },
);

it('returns values that are frozen', async () => {
  const { processes } = await openCluster();
  const regimes = processes[0]!.cache.keyspace(keyspaces.marketRegime);
  const timestamp = new Date(Date.UTC(2024, 0, 2));
  await regimes.set({ symbol: 'A' }, { symbol: 'A', regime: 'bull', confidence: 0.5, timestamp });
  const regime = (await regimes.get({ symbol: 'A' }))!;
  expect(() => (regime.confidence = 1)).toThrow(TypeError);
  expect(() => regime.timestamp.setTime(0)).toThrow(TypeError);
  expect(regimes.peek({ symbol: 'A' })).toEqual({ symbol: 'A', regime: 'bull', confidence: 0.5, timestamp });
  timestamp.setTime(0);
  expect(regime.timestamp.getUTCFullYear()).toBe(2024);
});

it('freezes objects, arrays and dates at every depth', () => {
  const value = { list: [{ a: 1 }], at: new Date(0), text: 'x', none: null };
  freeze(value);
  expect(() => value.list.push({ a: 2 })).toThrow(TypeError);
  expect(() => (value.list[0]!.a = 2)).toThrow(TypeError);
  for (const name of Object.getOwnPropertyNames(Date.prototype).filter((each) => each.startsWith('set'))) {
    const set = (value.at as unknown as Record<string, (n: number) => void>)[name]!.bind(value.at);
    expect(() => set(1)).toThrow(TypeError);
  }
  expect(value).toEqual({ list: [{ a: 1 }], at: new Date(0), text: 'x', none: null });
});

it('keeps a frozen date usable as a date', () => {
  const date = new Date(Date.UTC(2024, 0, 2));
  freeze(date);
  expect(date).toBeInstanceOf(Date);
  expect(date.getUTCFullYear()).toBe(2024);
  expect(JSON.stringify(date)).toBe('"2024-01-02T00:00:00.000Z"');
  expect(new Date(date)).toEqual(date);
  expect(structuredClone(date)).toEqual(date);
});

it('returns the same size for a frozen value, growing with its content', () => {
  const text = (length: number) => freeze({ text: 'x'.repeat(length) });
  expect(text(1_000) - text(10)).toBe(990);
  expect(freeze(Array.from({ length: 1_000 }, () => 1))).toBeGreaterThan(8_000);
  expect(freeze(new Uint8Array(5_000))).toBeGreaterThan(5_000);
  const value = { a: [1, 2], at: new Date(0) };
  expect(freeze(value)).toBe(freeze(value));
});
