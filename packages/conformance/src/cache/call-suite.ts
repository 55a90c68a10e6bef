import { getEventListeners } from 'node:events';
import type { CacheBackend, CallOptions, OperationDescriptor } from '@quantumtrade/dal-domain';
import {
  authContextStore,
  keyspaces,
  OPERATIONS,
  realtimeValues,
  sessionStore,
  TypedKeyspace,
  typedKeyspaces,
} from '@quantumtrade/dal-domain';
import type { TestRunner } from '../runner.js';
import { rejectionOf } from '../failures.js';
import type { OpenCacheFactory } from './open-cache.js';
import { withOpened } from '../with-opened.js';
import * as sample from './samples.js';

type Call = (backend: CacheBackend, options?: CallOptions) => Promise<unknown>;

const timed = { timestamp: '2024-01-02T12:00:00.000Z' };
const request = { userId: 'ann', endpoint: '/orders', limit: 1 };

/** Every method of the ports and of the domain stores built on them. */
const calls: Readonly<Record<string, Call>> = {
  'cache.get': ({ cache }, options) => cache.get('key', { parse: String }, options),
  'cache.getEntry': ({ cache }, options) => cache.getEntry('key', { parse: String }, options),
  'cache.getEntryOrSet': ({ cache }, options) =>
    cache.getEntryOrSet('key', { parse: String }, 1, 60, options),
  'cache.getMany': ({ cache }, options) => cache.getMany(['key', 'other'], { parse: String }, options),
  'cache.getEntries': ({ cache }, options) => cache.getEntries(['key', 'other'], { parse: String }, options),
  'cache.getMany of none': ({ cache }, options) => cache.getMany([], { parse: String }, options),
  'cache.set': ({ cache }, options) => cache.set('key', 1, 60, options),
  'cache.setMany': ({ cache }, options) => cache.setMany([{ key: 'key', value: 1, ttlSeconds: 60 }], options),
  'cache.setMany of none': ({ cache }, options) => cache.setMany([], options),
  'cache.setIfNewer': ({ cache }, options) => cache.setIfNewer('key', timed, 60, options),
  'cache.replaceIfNewer': ({ cache }, options) => cache.replaceIfNewer('key', timed, 60, options),
  'cache.setIfUnchanged': ({ cache }, options) => cache.setIfUnchanged('key', 1, 2, 60, options),
  'cache.delete': ({ cache }, options) => cache.delete('key', options),
  'cache.deleteMany': ({ cache }, options) => cache.deleteMany(['key', 'other'], options),
  'cache.deleteMany of none': ({ cache }, options) => cache.deleteMany([], options),
  'cache.deleteWhere': ({ cache }, options) => cache.deleteWhere('a:{b}', {}, options),
  'cache.exists': ({ cache }, options) => cache.exists('key', options),
  'marketStream.append': ({ marketStream }, options) =>
    marketStream.append('AAPL', [sample.tickSample('AAPL')], options),
  'marketStream.recent': ({ marketStream }, options) => marketStream.recent('AAPL', 1, options),
  'rateLimiter.consume': ({ rateLimiter }, options) => rateLimiter.consume(request, options),
  'probe.ping': ({ probe }, options) => probe.ping(options),
  'realtimeValues.marketRegime': ({ cache }, options) =>
    realtimeValues(typedKeyspaces(cache)).marketRegime('AAPL', options),
  'realtimeValues.setMarketRegime': ({ cache }, options) =>
    realtimeValues(typedKeyspaces(cache)).setMarketRegime(sample.regime('AAPL'), options),
  'realtimeValues.selectedStrategy': ({ cache }, options) =>
    realtimeValues(typedKeyspaces(cache)).selectedStrategy('AAPL', options),
  'realtimeValues.setSelectedStrategy': ({ cache }, options) =>
    realtimeValues(typedKeyspaces(cache)).setSelectedStrategy(sample.selectedStrategy('AAPL'), options),
  'realtimeValues.strategyPerformance': ({ cache }, options) =>
    realtimeValues(typedKeyspaces(cache)).strategyPerformance('momentum', options),
  'realtimeValues.setStrategyPerformance': ({ cache }, options) =>
    realtimeValues(typedKeyspaces(cache)).setStrategyPerformance(
      sample.performanceSample('momentum'),
      options,
    ),
  'realtimeValues.latestTick': ({ cache }, options) =>
    realtimeValues(typedKeyspaces(cache)).latestTick('AAPL', options),
  'realtimeValues.setLatestTick': ({ cache }, options) =>
    realtimeValues(typedKeyspaces(cache)).setLatestTick(sample.tickSample('AAPL'), options),
  'sessions.find': ({ cache }, options) => sessionStore(typedKeyspaces(cache)).find('ann', options),
  'sessions.save': ({ cache }, options) =>
    sessionStore(typedKeyspaces(cache)).save(sample.sessionSample('ann'), options),
  'sessions.end': ({ cache }, options) => sessionStore(typedKeyspaces(cache)).end('ann', options),
  'authContexts.find': ({ cache }, options) => authContextStore(typedKeyspaces(cache)).find('token', options),
  'authContexts.save': ({ cache }, options) =>
    authContextStore(typedKeyspaces(cache)).save('token', sample.userContext('ann'), options),
  'authContexts.revoke': ({ cache }, options) =>
    authContextStore(typedKeyspaces(cache)).revoke('token', options),
  'typedKeyspace.replaceIfNewer': ({ cache }, options) =>
    new TypedKeyspace(cache, keyspaces.latestMarketData).replaceIfNewer(
      { symbol: 'AAPL' },
      sample.tickSample('AAPL'),
      options,
    ),
};

/** Tests the signal and deadline of every call, and `BackendProbe`. */
export function cacheCallSuite(runner: TestRunner, open: OpenCacheFactory): void {
  const { describe, expect } = runner;
  const test = withOpened(runner, open);

  describe('Every call', () => {
    test('covers every operation of the ports', async ({ backend }) => {
      const ports = Object.entries(OPERATIONS).filter(([port]) => port in backend);
      const operations = ports.flatMap(([port, methods]) =>
        Object.entries<OperationDescriptor>(methods)
          .filter(([, { returns }]) => returns === 'promise')
          .map(([method]) => `${port}.${method}`),
      );
      expect(operations.filter((name) => calls[name] === undefined)).toEqual([]);
    });

    for (const [name, call] of Object.entries(calls)) {
      test(`${name} rejects with the reason of an aborted signal`, async (opened) => {
        const reason = new Error('not needed any more');
        const outcome = call(opened.backend, { signal: AbortSignal.abort(reason) });
        expect(await outcome.catch((error: unknown) => error)).toBe(reason);
        expect(await opened.keys()).toEqual([]);
      });

      test(`${name} rejects with TimeoutError when its deadline has passed`, async (opened) => {
        const error = await rejectionOf(() => call(opened.backend, { deadline: Date.now() - 1 }));
        expect([error.code, error.retryable]).toEqual(['TIMEOUT', true]);
        expect(await opened.keys()).toEqual([]);
      });

      test(`${name} rejects with ValidationError when its deadline is not a number`, async (opened) => {
        for (const deadline of [NaN, '2030-01-01', null, new Date(), 5n]) {
          const options = { deadline } as CallOptions;
          const error = await rejectionOf(() => call(opened.backend, options));
          expect([error.code, error.retryable]).toEqual(['VALIDATION', false]);
        }
        expect(await opened.keys()).toEqual([]);
      });

      test(`${name} refuses unknown options and options that are no object`, async (opened) => {
        for (const options of [{ deadlin: 1 }, { exact: true }, { signal: {} }, { priority: 1 }, null, 5]) {
          const error = await rejectionOf(() => call(opened.backend, options as CallOptions));
          expect(error.code).toBe('VALIDATION');
        }
        expect(await opened.keys()).toEqual([]);
      });

      test(`${name} succeeds with an open signal and a future deadline`, async ({ backend }) => {
        const { signal } = new AbortController();
        await call(backend, { signal, deadline: Date.now() + 60_000, priority: 'low' });
        expect(getEventListeners(signal, 'abort')).toEqual([]);
      });

      test(`${name} adds at most one listener to a shared signal`, async (opened) => {
        const { signal } = new AbortController();
        const pending = Array.from({ length: 20 }, () => call(opened.backend, { signal }));
        expect(getEventListeners(signal, 'abort').length <= 1).toBe(true);
        await Promise.all(pending);
        expect(getEventListeners(signal, 'abort')).toEqual([]);
      });

      test(`${name} fails with ConnectionError once the backend is closed`, async ({ backend }) => {
        await call(backend);
        await backend.probe.close();
        const error = await rejectionOf(() => call(backend));
        expect([error.code, error.retryable]).toEqual(['CONNECTION', false]);
      });
    }
  });

  describe('Probe', () => {
    test('close may be repeated and leaves no connection', async ({ backend: { probe } }) => {
      await probe.ping();
      await probe.close();
      await probe.close();
      expect(probe.connectionCount()).toBe(0);
    });
  });
}
