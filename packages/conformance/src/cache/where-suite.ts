import { keyOf, keyspaces } from '@quantumtrade/dal-domain';
import { summaryOfRejection } from '../failures.js';
import type { TestRunner } from '../runner.js';
import type { OpenCacheFactory } from './open-cache.js';
import { withOpened } from '../with-opened.js';
import * as sample from './samples.js';

const anything = { parse: (value: unknown) => value };

const { pattern } = keyspaces.featureValue;
const feature = (symbol: string, featureName: string) => keyOf(pattern, { symbol, featureName });

/** Texts with a special meaning in key patterns or in encoded keys. */
const awkwardParts = [
  ...['*', '?', 'A*', '[A]', 'A\\', '\\*', '^', '{A}', 'A:B', 'A%3AB', '%', 'latest', '%6Catest', ''],
  ...['naïve 株 🚀', '\ud83d', 'line\nbreak'],
];

/** Tests `Cache.deleteWhere`. */
export function whereSuite(runner: TestRunner, open: OpenCacheFactory): void {
  const { describe, expect } = runner;
  const test = withOpened(runner, open);

  describe('Cache.deleteWhere', () => {
    const features = ['AAPL', 'MSFT'].flatMap((symbol) =>
      ['rsi', 'macd'].map((name) => feature(symbol, name)),
    );
    const others = [
      ...['features:AAPL:latest', 'market:AAPL:latest', 'regime:AAPL:current', 'features:AAPL:rsi:14'],
      ...['features', 'features:AAPL', 'xfeatures:AAPL:rsi', 'features:AAPL:%41'],
    ];
    const left = (...gone: string[]) => [...features, ...others].filter((key) => !gone.includes(key));

    for (const [parts, gone] of [
      [{ symbol: 'AAPL' }, ['features:AAPL:rsi', 'features:AAPL:macd']],
      [{ featureName: 'rsi' }, ['features:AAPL:rsi', 'features:MSFT:rsi']],
      [{ symbol: 'MSFT', featureName: 'macd' }, ['features:MSFT:macd']],
      [{}, features],
      [{ symbol: 'AAP' }, []],
    ] satisfies [object, string[]][]) {
      test(`deleteWhere deletes exactly the values with ${JSON.stringify(parts)}`, async ({
        backend: { cache },
        keys,
      }) => {
        const writes = [...features, ...others].map((key) => ({ key, value: 1, ttlSeconds: 60 }));
        await cache.setMany(writes);
        expect(await cache.deleteWhere(pattern, parts)).toBe(gone.length);
        expect((await keys()).toSorted()).toEqual(left(...gone).toSorted());
        expect(await cache.deleteWhere(pattern, parts)).toBe(0);
      });
    }

    test('deleteWhere matches every part literally', async ({ backend: { cache }, keys }) => {
      const all = awkwardParts.map((symbol) => feature(symbol, 'rsi'));
      for (const [i, symbol] of awkwardParts.entries()) {
        await cache.setMany(all.map((key) => ({ key, value: 1, ttlSeconds: 60 })));
        expect([symbol, await cache.deleteWhere(pattern, { symbol })]).toEqual([symbol, 1]);
        expect((await keys()).toSorted()).toEqual(all.toSpliced(i, 1).toSorted());
      }
      expect(await cache.deleteWhere(pattern, {})).toBe(awkwardParts.length - 1);
    });

    test('deleteWhere finds keys among thousands', async ({ backend: { cache }, keys }) => {
      const write = (key: string) => ({ key, value: 1, ttlSeconds: 60 });
      const symbols = Array.from({ length: 3_000 }, (_, i) => `S${i}`);
      await cache.setMany(symbols.flatMap((symbol) => ['rsi', 'macd'].map((n) => write(feature(symbol, n)))));
      expect(await cache.deleteWhere(pattern, { symbol: 'S7' })).toBe(2);
      expect(await cache.deleteWhere(pattern, { featureName: 'rsi' })).toBe(2_999);
      expect(new Set(await keys())).toEqual(
        new Set(symbols.filter((symbol) => symbol !== 'S7').map((symbol) => feature(symbol, 'macd'))),
      );
    });

    test('deleteWhere deletes streams and rate limits too', async ({ backend, keys }) => {
      const { cache, rateLimiter, marketStream } = backend;
      for (const endpoint of ['/a', '/b']) {
        for (const userId of ['ann', 'bob']) await rateLimiter.consume({ userId, endpoint, limit: 9 });
      }
      await marketStream.append('AAPL', [sample.tickSample('AAPL')]);
      await cache.set('market:AAPL:latest', 1, 60);
      expect(await cache.deleteWhere(keyspaces.rateLimit.pattern, { userId: 'ann' })).toBe(2);
      expect(await cache.deleteWhere(keyspaces.marketStream.pattern, {})).toBe(1);
      expect((await keys()).toSorted()).toEqual([
        'market:AAPL:latest',
        'rate_limit:bob:/a',
        'rate_limit:bob:/b',
      ]);
    });

    test('deleteWhere skips expired values and keeps later ones', async (opened) => {
      const { cache } = opened.backend;
      await cache.set(feature('AAPL', 'rsi'), 1, 60);
      await opened.advance(60_000);
      expect(await cache.deleteWhere(pattern, {})).toBe(0);
      await cache.set(feature('AAPL', 'rsi'), 2, 60);
      expect(await cache.get(feature('AAPL', 'rsi'), anything)).toBe(2);
    });

    for (const [parts, field] of [
      [{ symbool: 'AAPL' }, 'symbool'],
      [{ symbol: undefined }, 'symbol'],
      [{ featureName: 14 }, 'featureName'],
    ] as [object, string][]) {
      test(`deleteWhere refuses ${JSON.stringify(parts)} and names ${field}`, async ({
        backend: { cache },
        keys,
      }) => {
        await cache.set(feature('AAPL', 'rsi'), 1, 60);
        const failure = await summaryOfRejection(() => cache.deleteWhere(pattern, parts));
        expect(failure).toEqual({ code: 'VALIDATION', field });
        expect(await keys()).toEqual([feature('AAPL', 'rsi')]);
      });
    }
  });
}
