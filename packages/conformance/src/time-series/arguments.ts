import type { TimeSeriesBackend } from '@quantumtrade/dal-domain';
import { failureOf } from '../failure.js';
import type { TestRunner } from '../runner.js';
import type { OpenTimeSeries } from './subject.js';
import { describeSubject, untyped } from './subject.js';

type Call = (backend: TimeSeriesBackend, argument: never) => unknown;

/** Every argument that callers without types may forget, by the field that the error then names. */
const CALLS: Readonly<Record<string, Readonly<Record<string, Call>>>> = {
  batch: {
    'marketData.insert': ({ marketData }, batch) => marketData.insert(batch),
    'sentiment.insert': ({ sentiment }, batch) => sentiment.insert(batch),
    'predictions.insert': ({ predictions }, batch) => predictions.insert(batch),
    'outcomes.insert': ({ outcomes }, batch) => outcomes.insert(batch),
    'strategyPerformance.insert': ({ strategyPerformance }, batch) => strategyPerformance.insert(batch),
    'collecting marketData': ({ blocks }, batch) => blocks.collect('marketData').append(batch),
    'collecting strategyPerformance': ({ blocks }, batch) =>
      blocks.collect('strategyPerformance').append(batch),
  },
  batches: {
    'features.insert': ({ features }, batches) => features.insert(batches),
    'collecting features': ({ blocks }, batches) => blocks.collect('features').append(batches),
  },
  params: {
    'marketData.find': ({ marketData }, params) => marketData.find(params),
    'sentiment.find': ({ sentiment }, params) => sentiment.find(params),
    'features.find': ({ features }, params) => features.find(params),
    'predictions.find': ({ predictions }, params) => predictions.find(params),
    'outcomes.find': ({ outcomes }, params) => outcomes.find(params),
    'strategyPerformance.find': ({ strategyPerformance }, params) => strategyPerformance.find(params),
    'analytics.aggregate': ({ analytics }, params) => analytics.aggregate(params),
  },
  symbol: {
    'marketData.latest': ({ marketData }, symbol) => marketData.latest(symbol, 1),
    'sentiment.latest': ({ sentiment }, symbol) => sentiment.latest(symbol, 1),
    'features.latest': ({ features }, symbol) => features.latest(symbol),
    'features.latestValue': ({ features }, symbol) => features.latestValue(symbol, 'a'),
  },
  featureName: { 'features.latestValue': ({ features }, name) => features.latestValue('A', name) },
  limit: {
    'marketData.latest': ({ marketData }, limit) => marketData.latest('A', limit),
    'sentiment.latest': ({ sentiment }, limit) => sentiment.latest('A', limit),
  },
  predictionId: { 'predictions.findById': ({ predictions }, id) => predictions.findById(id) },
  strategyName: {
    'strategyPerformance.latest': ({ strategyPerformance }, name) => strategyPerformance.latest(name),
  },
  record: { 'blocks.collect': ({ blocks }, record) => blocks.collect(record) },
};

/** That a call without what it needs fails as one with a wrong value does. */
export function argumentSuite(runner: TestRunner, open: OpenTimeSeries): void {
  describeSubject(runner, open, 'arguments', (backend) => {
    const { it, expect } = runner;
    for (const [field, calls] of Object.entries(CALLS)) {
      for (const [name, call] of Object.entries(calls)) {
        it(`${name} refuses a ${field} that is missing or of another type, by its name`, async () => {
          for (const argument of [undefined, null, true, () => 'a function']) {
            expect(await failureOf(async () => call(backend(), untyped<never>(argument)))).toEqual({
              code: 'VALIDATION',
              field,
            });
          }
        });
      }
    }
  });
}
