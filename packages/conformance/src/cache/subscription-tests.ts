import type { MarketStreamItem } from '@quantumtrade/dal-domain';
import { MARKET_STREAM_LENGTH, OLDEST_TICK } from '@quantumtrade/dal-domain';
import { printedForms, rejectionOf, summaryOfRejection } from '../failures.js';
import type { TestRunner } from '../runner.js';
import type { OpenCacheFactory } from './open-cache.js';
import { withOpened } from '../with-opened.js';
import { tickSample } from './samples.js';
import { ticks, fromOldest, iterate, take, secondsOf, settle, numbersFrom } from './tick-samples.js';

/** Tests `MarketStream.subscribe`. */
export function subscriptionTests(runner: TestRunner, open: OpenCacheFactory): void {
  const { describe, expect } = runner;
  const test = withOpened(runner, open);

  describe('A subscription to a market stream', () => {
    test('subscribe yields each later tick once and in order', async ({ backend: { marketStream } }) => {
      await marketStream.append('AAPL', ticks(0, 5));
      const items = iterate(marketStream.subscribe('AAPL'));
      let begun = false;
      const first = items.next().then((item) => {
        begun = true;
        return item.value as MarketStreamItem;
      });
      let appended = 5;
      while (!begun) await marketStream.append('AAPL', ticks(appended++, 1));
      const [from] = secondsOf([await first]) as [number];
      expect(from).toBeGreaterThanOrEqual(5);
      await marketStream.append('AAPL', ticks(appended, 3));
      const rest = await take(items, appended + 3 - from - 1);
      expect(secondsOf(rest)).toEqual(numbersFrom(from + 1, rest.length));
      await items.return?.();
    });

    test('subscribe yields ticks unchanged with their symbol', async ({ backend: { marketStream } }) => {
      await marketStream.append('AAPL', [tickSample('AAPL', 7)]);
      const [item] = await take(iterate(marketStream.subscribe('AAPL', fromOldest)), 1);
      expect(item).toMatchObject({ kind: 'tick', symbol: 'AAPL', tick: tickSample('AAPL', 7) });
    });

    test('subscribe waits for the next tick', async ({ backend: { marketStream } }) => {
      const items = iterate(marketStream.subscribe('AAPL', fromOldest));
      for (let second = 0; second < 5; second++) {
        const item = items.next();
        await marketStream.append('AAPL', ticks(second, 1));
        expect(secondsOf([(await item).value as MarketStreamItem])).toEqual([second]);
      }
    });

    test('subscribe continues after a position', async ({ backend: { marketStream } }) => {
      await marketStream.append('AAPL', ticks(0, 3));
      await marketStream.append('AAPL', ticks(3, 2));
      const all = await take(iterate(marketStream.subscribe('AAPL', fromOldest)), 5);
      for (const [i, { position }] of all.slice(0, -1).entries()) {
        const after = { AAPL: position };
        const rest = await take(iterate(marketStream.subscribe('AAPL', { after })), 4 - i);
        expect(rest).toEqual(all.slice(i + 1));
      }
    });

    test('subscribe follows many symbols, each in its order', async ({ backend: { marketStream } }) => {
      const symbols = ['A:B', '株', 'error', '__proto__'];
      const after = Object.fromEntries(symbols.map((symbol) => [symbol, OLDEST_TICK]));
      const items = iterate(marketStream.subscribe([...symbols, ...symbols], { after, bufferSize: 3 }));
      for (const symbol of symbols) {
        await marketStream.append(
          symbol,
          numbersFrom(0, 20).map((second) => tickSample(symbol, second)),
        );
      }
      const taken = await take(items, 80);
      for (const symbol of symbols) {
        expect(secondsOf(taken.filter((item) => item.symbol === symbol))).toEqual(numbersFrom(0, 20));
      }
    });

    test('every subscription yields every tick', async ({ backend: { marketStream } }) => {
      const all = numbersFrom(0, 10).map(() => iterate(marketStream.subscribe('AAPL', fromOldest)));
      const taken = all.map((items) => take(items, 50));
      for (let i = 0; i < 5; i++) await marketStream.append('AAPL', ticks(i * 10, 10));
      for (const items of await Promise.all(taken)) expect(secondsOf(items)).toEqual(numbersFrom(0, 50));
    });

    test('concurrent next calls receive ticks in call order', async (opened) => {
      const { marketStream } = opened.backend;
      const items = iterate(marketStream.subscribe('AAPL', fromOldest));
      const results = numbersFrom(0, 5).map(() => items.next());
      await marketStream.append('AAPL', ticks(0, 5));
      const taken = (await Promise.all(results)).map(({ value }) => value as MarketStreamItem);
      expect(secondsOf(taken)).toEqual(numbersFrom(0, 5));
    });

    test('yields a gap when dropped ticks were not buffered', async (opened) => {
      const { marketStream } = opened.backend;
      const items = iterate(marketStream.subscribe('AAPL', { ...fromOldest, bufferSize: 3 }));
      await marketStream.append('AAPL', ticks(0, 10));
      expect(secondsOf(await take(items, 1))).toEqual([0]);
      await marketStream.append('AAPL', ticks(10, MARKET_STREAM_LENGTH));
      const rest = await take(items, 3 + MARKET_STREAM_LENGTH);
      expect(secondsOf(rest)).toEqual([1, 2, 'gap', ...numbersFrom(10, MARKET_STREAM_LENGTH)]);
      const after = { AAPL: rest[2]!.position };
      expect(await take(iterate(marketStream.subscribe('AAPL', { after })), 2)).toEqual(rest.slice(3, 5));
    });

    test('yields a gap when an append exceeds the stream length', async ({ backend: { marketStream } }) => {
      const items = iterate(marketStream.subscribe('AAPL', fromOldest));
      await marketStream.append('AAPL', ticks(0, 1));
      await take(items, 1);
      await marketStream.append('AAPL', ticks(1, MARKET_STREAM_LENGTH + 5));
      const rest = await take(items, 1 + MARKET_STREAM_LENGTH);
      expect(secondsOf(rest)).toEqual(['gap', ...numbersFrom(6, MARKET_STREAM_LENGTH)]);
    });

    test('yields a gap when ticks expire before they are read', async (opened) => {
      const { marketStream } = opened.backend;
      const items = iterate(marketStream.subscribe('AAPL', { ...fromOldest, bufferSize: 1 }));
      await marketStream.append('AAPL', ticks(0, 3));
      expect(secondsOf(await take(items, 1))).toEqual([0]);
      await opened.advance(30_000);
      await marketStream.append('AAPL', ticks(3, 2));
      expect(secondsOf(await take(items, 3))).toEqual(['gap', 3, 4]);
    });

    test('subscription ends when its consumer returns, even while waiting', async (opened) => {
      const { marketStream } = opened.backend;
      await marketStream.append('AAPL', ticks(0, 3));
      for await (const item of marketStream.subscribe('AAPL', fromOldest)) {
        expect(secondsOf([item])).toEqual([0]);
        break;
      }
      const items = iterate(marketStream.subscribe('AAPL'));
      const awaited = items.next();
      await settle();
      expect(await items.return!()).toEqual({ done: true, value: undefined });
      expect(await awaited).toEqual({ done: true, value: undefined });
      expect(await items.next()).toEqual({ done: true, value: undefined });
    });

    test('subscription fails once with the abort reason, even while waiting', async (opened) => {
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

    test('subscription fails with ConnectionError when the backend is closed', async ({ backend }) => {
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

    test('subscribe refuses invalid symbols, positions and buffer sizes', async ({
      backend: { marketStream },
    }) => {
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

    test('subscribe fails with CacheError when the key has another type', async (opened) => {
      await opened.putText('market:AAPL:stream', 's3cr3t');
      const items = iterate(opened.backend.marketStream.subscribe('AAPL', fromOldest));
      const error = await rejectionOf(() => items.next());
      expect([error.code, error.retryable]).toEqual(['CACHE', false]);
      expect(printedForms(error).includes('s3cr3t')).toBe(false);
    });
  });
}
