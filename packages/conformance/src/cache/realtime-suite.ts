import type { RealtimeValues } from '@quantumtrade/dal-domain';
import { realtimeValues, typedKeyspaces } from '@quantumtrade/dal-domain';
import { summaryOfRejection, rejectionOf } from '../failures.js';
import type { TestRunner } from '../runner.js';
import type { OpenCacheFactory } from './open-cache.js';
import { withOpened } from '../with-opened.js';
import * as sample from './samples.js';

/** Each realtime value with its write and its read. */
const values = {
  regime: {
    good: sample.regime('AAPL'),
    set: (to, value) => to.setMarketRegime(value as never),
    get: (from) => from.marketRegime('AAPL'),
  },
  strategy: {
    good: sample.selectedStrategy('AAPL'),
    set: (to, value) => to.setSelectedStrategy(value as never),
    get: (from) => from.selectedStrategy('AAPL'),
  },
  performance: {
    good: sample.performanceSample('momentum'),
    set: (to, value) => to.setStrategyPerformance(value as never),
    get: (from) => from.strategyPerformance('momentum'),
  },
  tick: {
    good: sample.tickSample('AAPL'),
    set: (to, value) => to.setLatestTick(value as never),
    get: (from) => from.latestTick('AAPL'),
  },
} satisfies Record<
  string,
  {
    good: { timestamp: Date };
    set(to: RealtimeValues, value: unknown): Promise<boolean>;
    get(from: RealtimeValues): Promise<unknown>;
  }
>;

const wrongInstants = [new Date(NaN), new Date(Date.UTC(10_000, 0)), new Date(Date.UTC(-1, 0)), '2024', null];

/** Invalid members of each value, with the field that the error names. */
const wrong: Readonly<Record<keyof typeof values, readonly [field: string, value: unknown][]>> = {
  regime: [
    ['confidence', { confidence: NaN }],
    ['confidence', { confidence: '0.5' }],
    ['confidence', { confidence: undefined }],
    ['regime', { regime: '' }],
    ['regime', { regime: 'a\u0000b' }],
    ['regime', { regime: 'x'.repeat(257) }],
    ['symbol', { symbol: '\ud800' }],
    ['symbol', { symbol: 5 }],
  ],
  strategy: [
    ['parameters', { parameters: { a: NaN } }],
    ['parameters', { parameters: [1] }],
    ['strategyName', { strategyName: 'a\u200bb' }],
    ['marketRegime', { marketRegime: undefined }],
    ['symbol', { symbol: 'A\n' }],
  ],
  performance: [
    ['profitLoss', { profitLoss: '1e99' }],
    ['strategyName', { strategyName: '' }],
    ['totalTrades', { totalTrades: -1 }],
  ],
  tick: [
    ['close', { close: 'x' }],
    ['source', { source: 'a\u007f' }],
    ['symbol', { symbol: '' }],
  ],
};

/** Tests that realtime values are validated and that the newest one is kept. */
export function realtimeSuite(runner: TestRunner, open: OpenCacheFactory): void {
  const { describe, expect } = runner;
  const test = withOpened(runner, open);

  describe('Realtime values', () => {
    for (const [name, { good, set, get }] of Object.entries(values)) {
      test(`keeps a ${name} when an older one is written`, async ({ backend: { cache } }) => {
        const realtime = realtimeValues(typedKeyspaces(cache));
        const at = (ms: number) => ({ ...good, timestamp: new Date(good.timestamp.getTime() + ms) });
        expect(await set(realtime, at(1))).toBe(true);
        expect(await set(realtime, at(0))).toBe(false);
        expect(await get(realtime)).toEqual(at(1));
        expect(await set(realtime, at(1))).toBe(true);
        expect(await set(realtime, at(2))).toBe(true);
        expect(await get(realtime)).toEqual(at(2));
      });

      test(`refuses an invalid ${name} and names the field`, async ({ backend: { cache }, keys }) => {
        const realtime = realtimeValues(typedKeyspaces(cache));
        const refusals: (readonly [string, unknown])[] = [
          ...wrong[name as keyof typeof values],
          ...wrongInstants.map((timestamp) => ['timestamp', { timestamp }] as const),
        ];
        for (const [field, members] of refusals) {
          const failure = await summaryOfRejection(() => set(realtime, { ...good, ...(members as object) }));
          expect([members, failure]).toEqual([members, { code: 'VALIDATION', field }]);
        }
        expect(await keys()).toEqual([]);
      });

      test(`refuses an unknown member of a ${name} by its name`, async ({ backend: { cache }, keys }) => {
        const realtime = realtimeValues(typedKeyspaces(cache));
        const error = await rejectionOf(() => set(realtime, { ...good, timestmp: 1 }));
        expect([error.code, (error as { field?: string }).field]).toEqual(['VALIDATION', 'timestmp']);
        expect(error.message.includes('did you mean "timestamp"?')).toBe(true);
        expect(await keys()).toEqual([]);
      });

      test(`refuses a value that is no ${name} with ValidationError`, async ({ backend: { cache } }) => {
        const realtime = realtimeValues(typedKeyspaces(cache));
        const throwing = Object.defineProperty({ ...good }, 'timestamp', {
          enumerable: true,
          get: () => {
            throw new Error('s3cr3t');
          },
        });
        for (const value of [null, undefined, 5, 'text', [good], throwing]) {
          expect((await summaryOfRejection(() => set(realtime, value))).code).toBe('VALIDATION');
        }
      });
    }

    test('keeps strategy parameters named __proto__', async ({ backend: { cache } }) => {
      const realtime = realtimeValues(typedKeyspaces(cache));
      const parameters = JSON.parse('{"__proto__": 1, "a": 2}') as Record<string, number>;
      await realtime.setSelectedStrategy({ ...sample.selectedStrategy('AAPL'), parameters });
      const stored = await realtime.selectedStrategy('AAPL');
      expect(JSON.stringify(stored?.parameters)).toBe(JSON.stringify(parameters));
    });

    test('append refuses ticks of another symbol', async ({ backend: { marketStream }, keys }) => {
      const append = () =>
        marketStream.append('AAPL', [sample.tickSample('AAPL'), sample.tickSample('MSFT')]);
      expect(await summaryOfRejection(append)).toEqual({ code: 'VALIDATION', field: 'symbol' });
      expect(await keys()).toEqual([]);
    });
  });
}
