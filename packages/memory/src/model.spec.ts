import { afterAll, beforeAll, beforeEach, describe, expect, it } from '@jest/globals';
import type { TestRunner } from '@quantumtrade/dal-conformance';
import { timeSeriesModelTest } from '@quantumtrade/dal-conformance';
import type { TimeSeriesBackend } from '@quantumtrade/dal-domain';
import { memoryTimeSeries } from './time-series.js';

const runner = { describe, it, beforeAll, afterAll, beforeEach, expect };

const opening = (change: (backend: TimeSeriesBackend) => TimeSeriesBackend) => async () => {
  const backend = change(memoryTimeSeries());
  return { backend, close: () => backend.probe.close() };
};

const asItIs = opening((backend) => backend);

describe('the model test', () => {
  timeSeriesModelTest(runner, asItIs, asItIs, { runs: 50 });

  const wrongBackends: Record<string, (backend: TimeSeriesBackend) => TimeSeriesBackend> = {
    'lets an older write win': (backend) => ({
      ...backend,
      marketData: {
        ...backend.marketData,
        insert: ({ timestamp: _, ...batch }, options) => backend.marketData.insert(batch, options),
      },
    }),
    'forgets a filter': (backend) => ({
      ...backend,
      sentiment: {
        ...backend.sentiment,
        find: ({ filters: _, ...params } = {}, options) => backend.sentiment.find(params, options),
      },
    }),
    'includes the end of a range': (backend) => ({
      ...backend,
      analytics: {
        ...backend.analytics,
        aggregate: (params, options) =>
          backend.analytics.aggregate(
            params.endTime === undefined ? params : { ...params, endTime: Number(params.endTime) + 1 },
            options,
          ),
      },
    }),
  };

  for (const [name, change] of Object.entries(wrongBackends)) {
    it(`finds a backend that ${name} and reports how to reproduce it`, async () => {
      const tests: (() => Promise<void>)[] = [];
      const collecting: TestRunner = { ...runner, it: (_, test) => tests.push(test) };
      timeSeriesModelTest(collecting, asItIs, opening(change), { runs: 500, seed: 1 });
      await expect(tests[0]!()).rejects.toThrow(/seed: 1, path: "/);
    }, 120_000);
  }
});
