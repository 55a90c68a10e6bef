import type { CacheBackend } from '@quantumtrade/dal-domain';
import {
  authContextStore,
  keyspaces,
  realtimeValues,
  sessionStore,
  TypedKeyspace,
  typedKeyspaces,
} from '@quantumtrade/dal-domain';
import { printedForms, summaryOfRejection, rejectionOf } from '../failures.js';
import type { TestRunner } from '../runner.js';
import type { OpenCacheFactory } from './open-cache.js';
import { withOpened } from '../with-opened.js';
import * as sample from './samples.js';

/** One write through each keyspace, with its expected key and time to live in seconds. */
const writes: readonly [
  key: string,
  ttlSeconds: number,
  write: (backend: CacheBackend) => Promise<unknown>,
][] = [
  [
    'features:AAPL:latest',
    300,
    ({ cache }) =>
      new TypedKeyspace(cache, keyspaces.latestFeatures).set({ symbol: 'AAPL' }, sample.featureSet('AAPL')),
  ],
  [
    'features:AAPL:rsi_14',
    300,
    ({ cache }) =>
      new TypedKeyspace(cache, keyspaces.featureValue).set({ symbol: 'AAPL', featureName: 'rsi_14' }, 55.5),
  ],
  [
    'regime:AAPL:current',
    600,
    ({ cache }) => realtimeValues(typedKeyspaces(cache)).setMarketRegime(sample.regime('AAPL')),
  ],
  [
    'strategy:AAPL:selected',
    900,
    ({ cache }) => realtimeValues(typedKeyspaces(cache)).setSelectedStrategy(sample.selectedStrategy('AAPL')),
  ],
  [
    'strategy:momentum:performance',
    900,
    ({ cache }) =>
      realtimeValues(typedKeyspaces(cache)).setStrategyPerformance(sample.performanceSample('momentum')),
  ],
  [
    'prediction:p-1',
    3600,
    ({ cache }) =>
      new TypedKeyspace(cache, keyspaces.prediction).set(
        { predictionId: 'p-1' },
        sample.predictionSample('p-1'),
      ),
  ],
  ['session:ann', 3600, ({ cache }) => sessionStore(typedKeyspaces(cache)).save(sample.sessionSample('ann'))],
  [
    'auth:a3656c50c59b9dd17e7b7539929effb20169a63d77b0453e14162984b611c5f8',
    3600,
    ({ cache }) => authContextStore(typedKeyspaces(cache)).save('token-of-ann', sample.userContext('ann')),
  ],
  [
    'rate_limit:ann:GET /bars',
    60,
    ({ rateLimiter }) => rateLimiter.consume({ userId: 'ann', endpoint: 'GET /bars', limit: 5 }),
  ],
  [
    'market:AAPL:latest',
    30,
    ({ cache }) =>
      new TypedKeyspace(cache, keyspaces.latestMarketData).set({ symbol: 'AAPL' }, sample.tickSample('AAPL')),
  ],
  [
    'market:AAPL:tick',
    30,
    ({ cache }) => realtimeValues(typedKeyspaces(cache)).setLatestTick(sample.tickSample('AAPL')),
  ],
  ['market:AAPL:stream', 30, ({ marketStream }) => marketStream.append('AAPL', [sample.tickSample('AAPL')])],
];

/** Part of a time to live that may have passed before a test reads it. */
const SLACK_MS = 15_000;

/** Tests the keys, times to live and values of every keyspace. */
export function keyspaceSuite(runner: TestRunner, open: OpenCacheFactory): void {
  const { describe, expect } = runner;
  const test = withOpened(runner, open);

  describe('Keyspaces', () => {
    for (const [key, ttlSeconds, write] of writes) {
      test(`${key} expires ${ttlSeconds} seconds after its last write`, async (opened) => {
        await write(opened.backend);
        expect(await opened.keys()).toEqual([key]);
        await opened.advance(ttlSeconds * 500);
        await write(opened.backend);
        const ttlMs = (await opened.ttlMs(key))!;
        expect(ttlMs <= ttlSeconds * 1000 && ttlMs > ttlSeconds * 1000 - SLACK_MS).toBe(true);
        await opened.advance(ttlSeconds * 1000);
        expect(await opened.keys()).toEqual([]);
      });
    }

    test('the tests cover every keyspace', async () => {
      expect(writes).toHaveLength(Object.keys(keyspaces).length);
    });

    test('distinct parts have distinct keys, separators and escapes included', async (opened) => {
      const features = new TypedKeyspace(opened.backend.cache, keyspaces.featureValue);
      const latest = new TypedKeyspace(opened.backend.cache, keyspaces.latestFeatures);
      const parts: [symbol: string, featureName: string, key: string][] = [
        ['A:B', 'C', 'features:A%3AB:C'],
        ['A', 'B:C', 'features:A:B%3AC'],
        ['A%3AB', 'C', 'features:A%253AB:C'],
        ['{symbol}', '{featureName}', 'features:{symbol}:{featureName}'],
        ['A', 'latest', 'features:A:%6Catest'],
        ['A', '%6Catest', 'features:A:%256Catest'],
        ['$&', "$'", "features:$&:$'"],
        ['株 🚀', 'é', 'features:株 🚀:é'],
        ['A', '\ud800', 'features:A:%D800'],
        ['A', '\udfff', 'features:A:%DFFF'],
      ];
      await latest.set({ symbol: 'A' }, sample.featureSet('A'));
      for (const [i, [symbol, featureName]] of parts.entries())
        await features.set({ symbol, featureName }, i);
      for (const [i, [symbol, featureName]] of parts.entries()) {
        expect(await features.get({ symbol, featureName })).toBe(i);
      }
      expect(await latest.get({ symbol: 'A' })).toEqual(sample.featureSet('A'));
      expect((await opened.keys()).toSorted()).toEqual(
        ['features:A:latest', ...parts.map(([, , key]) => key)].toSorted(),
      );
    });

    test('typed keyspaces return exactly what was set', async ({ backend: { cache } }) => {
      const values = realtimeValues(typedKeyspaces(cache));
      await values.setMarketRegime(sample.regime('A:B'));
      await values.setSelectedStrategy(sample.selectedStrategy('A:B'));
      await values.setStrategyPerformance(sample.performanceSample('slow: 株'));
      await values.setLatestTick(sample.tickSample('A:B'));
      expect(await values.marketRegime('A:B')).toEqual(sample.regime('A:B'));
      expect(await values.selectedStrategy('A:B')).toEqual(sample.selectedStrategy('A:B'));
      expect(await values.strategyPerformance('slow: 株')).toEqual(sample.performanceSample('slow: 株'));
      expect(await values.latestTick('A:B')).toEqual(sample.tickSample('A:B'));
      const predictions = new TypedKeyspace(cache, keyspaces.prediction);
      await predictions.set({ predictionId: 'p' }, sample.predictionSample('p'));
      expect(await predictions.get({ predictionId: 'p' })).toEqual(sample.predictionSample('p'));
      expect(await predictions.delete({ predictionId: 'p' })).toBe(true);
      expect(await predictions.get({ predictionId: 'p' })).toBeNull();
    });

    test('typed keyspaces return null for an absent value', async ({ backend: { cache } }) => {
      const values = realtimeValues(typedKeyspaces(cache));
      expect(await values.marketRegime('AAPL')).toBeNull();
      expect(await values.selectedStrategy('AAPL')).toBeNull();
      expect(await values.strategyPerformance('momentum')).toBeNull();
      expect(await values.latestTick('AAPL')).toBeNull();
    });

    test('keeps the latest tick when an older one arrives late', async ({ backend: { cache } }) => {
      const values = realtimeValues(typedKeyspaces(cache));
      expect(await values.setLatestTick(sample.tickSample('AAPL', 2))).toBe(true);
      expect(await values.setLatestTick(sample.tickSample('AAPL', 1))).toBe(false);
      expect(await values.latestTick('AAPL')).toEqual(sample.tickSample('AAPL', 2));
      expect(await values.setLatestTick(sample.tickSample('AAPL', 3))).toBe(true);
      const ticks = new TypedKeyspace(cache, keyspaces.latestTick);
      expect(await ticks.replaceIfNewer({ symbol: 'AAPL' }, sample.tickSample('AAPL', 2))).toBe(false);
      expect(await ticks.replaceIfNewer({ symbol: 'AAPL' }, sample.tickSample('AAPL', 4))).toBe(true);
      expect(await values.latestTick('AAPL')).toEqual(sample.tickSample('AAPL', 4));
    });

    test('stores records as lossless JSON', async ({ backend: { cache }, text }) => {
      await realtimeValues(typedKeyspaces(cache)).setLatestTick(sample.tickSample('AAPL'));
      expect(JSON.parse((await text('market:AAPL:tick'))!)).toEqual({
        ...sample.tickSample('AAPL'),
        timestamp: '2024-01-02T12:00:00.000Z',
      });
    });

    test('refuses a value of another keyspace by its field', async ({ backend: { cache }, keys }) => {
      const tick = { ...sample.tickSample('AAPL'), high: '0.123456789' };
      expect(
        await summaryOfRejection(() => realtimeValues(typedKeyspaces(cache)).setLatestTick(tick)),
      ).toEqual({
        code: 'VALIDATION',
        field: 'high',
      });
      const values = new TypedKeyspace(cache, keyspaces.featureValue);
      expect(await summaryOfRejection(() => values.set({ symbol: 'A', featureName: 'f' }, NaN))).toEqual({
        code: 'VALIDATION',
        field: 'value',
      });
      const none = undefined as never;
      const realtime = realtimeValues(typedKeyspaces(cache));
      const writes = [realtime.setLatestTick, realtime.setMarketRegime, realtime.setSelectedStrategy];
      for (const write of writes) {
        expect(await summaryOfRejection(() => write(none))).toEqual({ code: 'VALIDATION', field: 'symbol' });
      }
      expect(await summaryOfRejection(() => realtime.setStrategyPerformance(none))).toEqual({
        code: 'VALIDATION',
        field: 'strategyName',
      });
      expect(await summaryOfRejection(() => sessionStore(typedKeyspaces(cache)).save(none))).toEqual({
        code: 'VALIDATION',
        field: 'userId',
      });
      expect(await keys()).toEqual([]);
    });

    test('fails with CacheError that hides a stored value of another shape', async (opened) => {
      await opened.putText('market:AAPL:tick', '{"symbol":"s3cr3t"}');
      const error = await rejectionOf(() =>
        realtimeValues(typedKeyspaces(opened.backend.cache)).latestTick('AAPL'),
      );
      expect(error.code).toBe('CACHE');
      expect(printedForms(error).includes('s3cr3t')).toBe(false);
    });
  });
}
