import type { MarketStreamItem } from '@quantumtrade/dal-domain';
import { MARKET_STREAM_LENGTH, OLDEST_TICK } from '@quantumtrade/dal-domain';
import { printedForms, summaryOfRejection, rejectionOf } from '../failures.js';
import type { TestRunner } from '../runner.js';
import type { OpenCacheFactory } from './open-cache.js';
import { withOpenCache } from './open-cache.js';
import { tickSample } from './samples.js';

const ticks = (first: number, count: number) =>
  Array.from({ length: count }, (_, i) => tickSample('AAPL', first + i));

/** From the oldest tick of AAPL. */
const fromOldest = { after: { AAPL: OLDEST_TICK } };

type Items = AsyncIterator<MarketStreamItem>;
const iterate = (items: AsyncIterable<MarketStreamItem>): Items => items[Symbol.asyncIterator]();

async function take(items: Items, count: number): Promise<MarketStreamItem[]> {
  const taken: MarketStreamItem[] = [];
  while (taken.length < count) taken.push((await items.next()).value as MarketStreamItem);
  return taken;
}

/** What items tell: the seconds of their ticks, and where there are gaps. */
const told = (items: readonly MarketStreamItem[]): (number | 'gap')[] =>
  items.map((item) =>
    item.kind === 'gap' ? 'gap' : (Number(item.tick.timestamp) - Number(tickSample('AAPL').timestamp)) / 1000,
  );

/** Lets a call get to where it waits for ticks. */
const settle = () => new Promise((resolve) => setTimeout(resolve, 20));

const range = (first: number, count: number) => Array.from({ length: count }, (_, i) => first + i);

/** What the doc comments of `MarketStream` promise. */
export function marketStreamSuite(runner: TestRunner, open: OpenCacheFactory): void {
  const { describe, expect } = runner;
  const test = withOpenCache(runner, open);

  describe('MarketStream', () => {
    test('gives the last ticks in the order they were appended', async ({ backend: { marketStream } }) => {
      await marketStream.append('AAPL', [tickSample('AAPL', 5), tickSample('AAPL', 1)]);
      await marketStream.append('AAPL', [tickSample('AAPL', 3)]);
      expect(await marketStream.recent('AAPL', 10)).toEqual([
        tickSample('AAPL', 5),
        tickSample('AAPL', 1),
        tickSample('AAPL', 3),
      ]);
      expect(await marketStream.recent('AAPL', 2)).toEqual([tickSample('AAPL', 1), tickSample('AAPL', 3)]);
      expect(await marketStream.recent('AAPL', 0)).toEqual([]);
    });

    test('is empty for a symbol without ticks', async ({ backend: { marketStream }, keys }) => {
      await marketStream.append('AAPL', []);
      expect(await marketStream.recent('AAPL', 10)).toEqual([]);
      expect(await keys()).toEqual([]);
    });

    test('keeps symbols apart', async ({ backend: { marketStream }, keys }) => {
      await marketStream.append('A:B', [tickSample('A:B', 1)]);
      await marketStream.append('株', [tickSample('株', 2)]);
      expect(await marketStream.recent('A:B', 10)).toEqual([tickSample('A:B', 1)]);
      expect(await marketStream.recent('株', 10)).toEqual([tickSample('株', 2)]);
      expect((await keys()).toSorted()).toEqual(['market:A%3AB:stream', 'market:株:stream']);
    });

    test('drops the oldest ticks beyond its length', async ({ backend: { marketStream } }) => {
      await marketStream.append('AAPL', ticks(0, MARKET_STREAM_LENGTH - 1));
      await marketStream.append('AAPL', ticks(MARKET_STREAM_LENGTH - 1, 3));
      const kept = await marketStream.recent('AAPL', 4_294_967_295);
      expect(kept).toEqual(ticks(2, MARKET_STREAM_LENGTH));
    });

    test('keeps the last ticks of an append that is longer than the stream', async (opened) => {
      const { marketStream } = opened.backend;
      await marketStream.append('AAPL', ticks(0, MARKET_STREAM_LENGTH + 5));
      expect(await marketStream.recent('AAPL', 5_000)).toEqual(ticks(5, MARKET_STREAM_LENGTH));
    });

    test('lives for 30 seconds after its last tick', async ({ backend: { marketStream }, advance }) => {
      await marketStream.append('AAPL', [tickSample('AAPL', 1)]);
      await advance(15_000);
      await marketStream.append('AAPL', [tickSample('AAPL', 2)]);
      await advance(15_000);
      expect(await marketStream.recent('AAPL', 10)).toHaveLength(2);
      await advance(15_000);
      expect(await marketStream.recent('AAPL', 10)).toEqual([]);
    });

    test('loses no tick of concurrent appends and keeps each append together', async (opened) => {
      const { marketStream } = opened.backend;
      await Promise.all(Array.from({ length: 50 }, (_, i) => marketStream.append('AAPL', ticks(i * 10, 10))));
      const seconds = (await marketStream.recent('AAPL', 1_000)).map(({ timestamp }) => timestamp.getTime());
      expect(new Set(seconds).size).toBe(500);
      const first = tickSample('AAPL').timestamp.getTime();
      const inOrder = seconds.every((at, i) => i % 10 === 0 || at === seconds[i - 1]! + 1000);
      expect([inOrder, Math.min(...seconds)]).toEqual([true, first]);
    });

    test('appends nothing when one of the ticks is wrong', async ({ backend: { marketStream } }) => {
      const wrong = { ...tickSample('AAPL'), close: 'much' };
      const failure = await summaryOfRejection(() =>
        marketStream.append('AAPL', [tickSample('AAPL'), wrong]),
      );
      expect(failure).toEqual({ code: 'VALIDATION', field: 'close' });
      expect(await marketStream.recent('AAPL', 10)).toEqual([]);
    });

    test('refuses a limit that is none', async ({ backend: { marketStream } }) => {
      for (const limit of [-1, 1.5, NaN, 2 ** 32]) {
        const failure = await summaryOfRejection(() => marketStream.recent('AAPL', limit));
        expect(failure).toEqual({ code: 'VALIDATION', field: 'limit' });
      }
    });

    test('fails with CacheError, without showing it, when the key holds something else', async (opened) => {
      const { marketStream, cache } = opened.backend;
      await opened.putText('market:AAPL:stream', 's3cr3t');
      const calls = [
        () => marketStream.recent('AAPL', 1),
        () => marketStream.append('AAPL', [tickSample('AAPL')]),
      ];
      for (const call of calls) {
        const error = await rejectionOf(call);
        expect([error.code, error.retryable]).toEqual(['CACHE', false]);
        expect(printedForms(error).includes('s3cr3t')).toBe(false);
      }
      expect(await opened.text('market:AAPL:stream')).toBe('s3cr3t');
      await marketStream.append('MSFT', [tickSample('MSFT')]);
      const error = await rejectionOf(() => cache.get('market:MSFT:stream', { parse: String }));
      expect([error.code, error.retryable]).toEqual(['CACHE', false]);
    });
  });

  describe('A subscription to a market stream', () => {
    test('gives each tick appended from now on once, in order', async ({ backend: { marketStream } }) => {
      await marketStream.append('AAPL', ticks(0, 5));
      const items = iterate(marketStream.subscribe('AAPL'));
      let begun = false;
      const first = items.next().then((item) => {
        begun = true;
        return item.value as MarketStreamItem;
      });
      let appended = 5;
      while (!begun) await marketStream.append('AAPL', ticks(appended++, 1));
      const [from] = told([await first]) as [number];
      expect(from).toBeGreaterThanOrEqual(5);
      await marketStream.append('AAPL', ticks(appended, 3));
      const rest = await take(items, appended + 3 - from - 1);
      expect(told(rest)).toEqual(range(from + 1, rest.length));
      await items.return?.();
    });

    test('gives ticks as they were appended, with their symbol', async ({ backend: { marketStream } }) => {
      await marketStream.append('AAPL', [tickSample('AAPL', 7)]);
      const [item] = await take(iterate(marketStream.subscribe('AAPL', fromOldest)), 1);
      expect(item).toMatchObject({ kind: 'tick', symbol: 'AAPL', tick: tickSample('AAPL', 7) });
    });

    test('waits for ticks to come', async ({ backend: { marketStream } }) => {
      const items = iterate(marketStream.subscribe('AAPL', fromOldest));
      for (let second = 0; second < 5; second++) {
        const item = items.next();
        await marketStream.append('AAPL', ticks(second, 1));
        expect(told([(await item).value as MarketStreamItem])).toEqual([second]);
      }
    });

    test('goes on after a position', async ({ backend: { marketStream } }) => {
      await marketStream.append('AAPL', ticks(0, 3));
      await marketStream.append('AAPL', ticks(3, 2));
      const all = await take(iterate(marketStream.subscribe('AAPL', fromOldest)), 5);
      for (const [i, { position }] of all.slice(0, -1).entries()) {
        const after = { AAPL: position };
        const rest = await take(iterate(marketStream.subscribe('AAPL', { after })), 4 - i);
        expect(rest).toEqual(all.slice(i + 1));
      }
    });

    test('follows many symbols, each in its order', async ({ backend: { marketStream } }) => {
      const symbols = ['A:B', '株', 'error', '__proto__'];
      const after = Object.fromEntries(symbols.map((symbol) => [symbol, OLDEST_TICK]));
      const items = iterate(marketStream.subscribe([...symbols, ...symbols], { after, bufferSize: 3 }));
      for (const symbol of symbols) {
        await marketStream.append(
          symbol,
          range(0, 20).map((second) => tickSample(symbol, second)),
        );
      }
      const taken = await take(items, 80);
      for (const symbol of symbols) {
        expect(told(taken.filter((item) => item.symbol === symbol))).toEqual(range(0, 20));
      }
    });

    test('gives every tick to each of many', async ({ backend: { marketStream } }) => {
      const all = range(0, 10).map(() => iterate(marketStream.subscribe('AAPL', fromOldest)));
      const taken = all.map((items) => take(items, 50));
      for (let i = 0; i < 5; i++) await marketStream.append('AAPL', ticks(i * 10, 10));
      for (const items of await Promise.all(taken)) expect(told(items)).toEqual(range(0, 50));
    });

    test('serves calls that do not wait for each other in their order', async (opened) => {
      const { marketStream } = opened.backend;
      const items = iterate(marketStream.subscribe('AAPL', fromOldest));
      const results = range(0, 5).map(() => items.next());
      await marketStream.append('AAPL', ticks(0, 5));
      const taken = (await Promise.all(results)).map(({ value }) => value as MarketStreamItem);
      expect(told(taken)).toEqual(range(0, 5));
    });

    test('holds one buffer, and tells of the ticks that fell out meanwhile', async (opened) => {
      const { marketStream } = opened.backend;
      const items = iterate(marketStream.subscribe('AAPL', { ...fromOldest, bufferSize: 3 }));
      await marketStream.append('AAPL', ticks(0, 10));
      expect(told(await take(items, 1))).toEqual([0]);
      await marketStream.append('AAPL', ticks(10, MARKET_STREAM_LENGTH));
      const rest = await take(items, 3 + MARKET_STREAM_LENGTH);
      expect(told(rest)).toEqual([1, 2, 'gap', ...range(10, MARKET_STREAM_LENGTH)]);
      const after = { AAPL: rest[2]!.position };
      expect(await take(iterate(marketStream.subscribe('AAPL', { after })), 2)).toEqual(rest.slice(3, 5));
    });

    test('tells of ticks that an append was too long to keep', async ({ backend: { marketStream } }) => {
      const items = iterate(marketStream.subscribe('AAPL', fromOldest));
      await marketStream.append('AAPL', ticks(0, 1));
      await take(items, 1);
      await marketStream.append('AAPL', ticks(1, MARKET_STREAM_LENGTH + 5));
      const rest = await take(items, 1 + MARKET_STREAM_LENGTH);
      expect(told(rest)).toEqual(['gap', ...range(6, MARKET_STREAM_LENGTH)]);
    });

    test('tells of ticks whose time was over before they were read', async (opened) => {
      const { marketStream } = opened.backend;
      const items = iterate(marketStream.subscribe('AAPL', { ...fromOldest, bufferSize: 1 }));
      await marketStream.append('AAPL', ticks(0, 3));
      expect(told(await take(items, 1))).toEqual([0]);
      await opened.advance(30_000);
      await marketStream.append('AAPL', ticks(3, 2));
      expect(told(await take(items, 3))).toEqual(['gap', 3, 4]);
    });

    test('ends when the consumer leaves, also while a tick is awaited', async (opened) => {
      const { marketStream } = opened.backend;
      await marketStream.append('AAPL', ticks(0, 3));
      for await (const item of marketStream.subscribe('AAPL', fromOldest)) {
        expect(told([item])).toEqual([0]);
        break;
      }
      const items = iterate(marketStream.subscribe('AAPL'));
      const awaited = items.next();
      await settle();
      expect(await items.return!()).toEqual({ done: true, value: undefined });
      expect(await awaited).toEqual({ done: true, value: undefined });
      expect(await items.next()).toEqual({ done: true, value: undefined });
    });

    test('fails once with the reason of its signal, also while a tick is awaited', async (opened) => {
      const { marketStream } = opened.backend;
      await marketStream.append('AAPL', ticks(0, 3));
      const controller = new AbortController();
      const { signal } = controller;
      const reason = new Error('not needed any more');
      const subscriptions = [fromOldest, {}].map((from) =>
        iterate(marketStream.subscribe('AAPL', { ...from, signal })),
      );
      await take(subscriptions[0]!, 1);
      const awaited = subscriptions[1]!.next().catch((error: unknown) => error);
      await settle();
      controller.abort(reason);
      expect(await subscriptions[0]!.next().catch((error: unknown) => error)).toBe(reason);
      expect(await awaited).toBe(reason);
      const late = iterate(marketStream.subscribe('AAPL', { signal }));
      expect(await late.next().catch((error: unknown) => error)).toBe(reason);
      for (const items of [...subscriptions, late]) {
        expect(await items.next()).toEqual({ done: true, value: undefined });
      }
    });

    test('fails with ConnectionError once the backend is closed', async ({ backend }) => {
      const { marketStream, probe } = backend;
      await marketStream.append('AAPL', ticks(0, 1));
      const items = iterate(marketStream.subscribe('AAPL', fromOldest));
      await take(items, 1);
      const awaited = rejectionOf(() => items.next());
      await settle();
      await probe.close();
      const late = rejectionOf(() => iterate(marketStream.subscribe('AAPL')).next());
      for (const error of [await awaited, await late]) {
        expect([error.code, error.retryable]).toEqual(['CONNECTION', false]);
      }
    });

    test('refuses symbols, positions and buffers that are none', async ({ backend: { marketStream } }) => {
      const wrong = [
        ['symbols', marketStream.subscribe([])],
        ['after', marketStream.subscribe('AAPL', { after: { AAPL: 's3cr3t' } })],
        ['after', marketStream.subscribe('AAPL', { after: { AAPL: '' } })],
        ['bufferSize', marketStream.subscribe('AAPL', { bufferSize: 0 })],
        ['bufferSize', marketStream.subscribe('AAPL', { bufferSize: 1.5 })],
      ] as const;
      for (const [field, subscription] of wrong) {
        const failure = await summaryOfRejection(() => iterate(subscription).next());
        expect(failure).toEqual({ code: 'VALIDATION', field });
      }
    });

    test('fails with CacheError, without showing it, when the key holds something else', async (opened) => {
      await opened.putText('market:AAPL:stream', 's3cr3t');
      const items = iterate(opened.backend.marketStream.subscribe('AAPL', fromOldest));
      const error = await rejectionOf(() => items.next());
      expect([error.code, error.retryable]).toEqual(['CACHE', false]);
      expect(printedForms(error).includes('s3cr3t')).toBe(false);
    });
  });
}
