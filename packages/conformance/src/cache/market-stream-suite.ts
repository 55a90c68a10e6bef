import { MARKET_STREAM_LENGTH } from '@quantumtrade/dal-domain';
import { printedForms, rejectionOf, summaryOfRejection } from '../failures.js';
import type { TestRunner } from '../runner.js';
import type { OpenCacheFactory } from './open-cache.js';
import { withOpened } from '../with-opened.js';
import { tickSample } from './samples.js';
import { ticks } from './tick-samples.js';
import { subscriptionTests } from './subscription-tests.js';

/** Tests `MarketStream`. */
export function marketStreamSuite(runner: TestRunner, open: OpenCacheFactory): void {
  subscriptionTests(runner, open);
  const { describe, expect } = runner;
  const test = withOpened(runner, open);

  describe('MarketStream', () => {
    test('recent returns the last ticks in the order of appending', async ({ backend: { marketStream } }) => {
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

    test('recent returns nothing for a symbol without ticks', async ({ backend: { marketStream }, keys }) => {
      await marketStream.append('AAPL', []);
      expect(await marketStream.recent('AAPL', 10)).toEqual([]);
      expect(await keys()).toEqual([]);
    });

    test('keeps one stream per symbol', async ({ backend: { marketStream }, keys }) => {
      await marketStream.append('A:B', [tickSample('A:B', 1)]);
      await marketStream.append('株', [tickSample('株', 2)]);
      expect(await marketStream.recent('A:B', 10)).toEqual([tickSample('A:B', 1)]);
      expect(await marketStream.recent('株', 10)).toEqual([tickSample('株', 2)]);
      expect((await keys()).toSorted()).toEqual(['market:A%3AB:stream', 'market:株:stream']);
    });

    test('drops the oldest ticks beyond the stream length', async ({ backend: { marketStream } }) => {
      await marketStream.append('AAPL', ticks(0, MARKET_STREAM_LENGTH - 1));
      await marketStream.append('AAPL', ticks(MARKET_STREAM_LENGTH - 1, 3));
      const kept = await marketStream.recent('AAPL', 4_294_967_295);
      expect(kept).toEqual(ticks(2, MARKET_STREAM_LENGTH));
    });

    test('keeps the last ticks of an append beyond the stream length', async (opened) => {
      const { marketStream } = opened.backend;
      await marketStream.append('AAPL', ticks(0, MARKET_STREAM_LENGTH + 5));
      expect(await marketStream.recent('AAPL', 5_000)).toEqual(ticks(5, MARKET_STREAM_LENGTH));
    });

    test('stream expires 30 seconds after its last tick', async ({ backend: { marketStream }, advance }) => {
      await marketStream.append('AAPL', [tickSample('AAPL', 1)]);
      await advance(15_000);
      await marketStream.append('AAPL', [tickSample('AAPL', 2)]);
      await advance(15_000);
      expect(await marketStream.recent('AAPL', 10)).toHaveLength(2);
      await advance(15_000);
      expect(await marketStream.recent('AAPL', 10)).toEqual([]);
    });

    test('keeps the ticks of each concurrent append together', async (opened) => {
      const { marketStream } = opened.backend;
      await Promise.all(Array.from({ length: 50 }, (_, i) => marketStream.append('AAPL', ticks(i * 10, 10))));
      const seconds = (await marketStream.recent('AAPL', 1_000)).map(({ timestamp }) => timestamp.getTime());
      expect(new Set(seconds).size).toBe(500);
      const first = tickSample('AAPL').timestamp.getTime();
      const inOrder = seconds.every((at, i) => i % 10 === 0 || at === seconds[i - 1]! + 1000);
      expect([inOrder, Math.min(...seconds)]).toEqual([true, first]);
    });

    test('append stores nothing when one tick is invalid', async ({ backend: { marketStream } }) => {
      const wrong = { ...tickSample('AAPL'), close: 'much' };
      const failure = await summaryOfRejection(() =>
        marketStream.append('AAPL', [tickSample('AAPL'), wrong]),
      );
      expect(failure).toEqual({ code: 'VALIDATION', field: 'close' });
      expect(await marketStream.recent('AAPL', 10)).toEqual([]);
    });

    test('recent refuses an invalid limit', async ({ backend: { marketStream } }) => {
      for (const limit of [-1, 1.5, NaN, 2 ** 32]) {
        const failure = await summaryOfRejection(() => marketStream.recent('AAPL', limit));
        expect(failure).toEqual({ code: 'VALIDATION', field: 'limit' });
      }
    });

    test('stream calls fail with CacheError when the key has another type', async (opened) => {
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
}
