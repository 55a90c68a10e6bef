import type { RecordName, TimeSeriesBackend } from '@quantumtrade/dal-domain';
import { foreignFailures, summaryOfRejection } from '../failures.js';
import type { TestRunner } from '../runner.js';
import { marketDataKind } from './kinds.js';
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

type Method = (backend: TimeSeriesBackend, ...args: never[]) => unknown;

const bars = { records: [marketDataKind.row('JUNK', 0)], source: 'vendor', timestamp: 0 };
const set = { symbol: 'JUNK', timestamp: 0, features: { a: 1 }, version: 1 };
const latest = ['JUNK', 1, {}];

/** Every method, and arguments that are right. */
const METHODS: Readonly<Record<string, readonly [call: Method, args: readonly unknown[]]>> = {
  'marketData.insert': [(b, ...args: [never, never]) => b.marketData.insert(...args), [bars, {}]],
  'marketData.find': [(b, ...args: [never, never]) => b.marketData.find(...args), [{ symbol: 'JUNK' }, {}]],
  'marketData.latest': [(b, ...args: [never, never, never]) => b.marketData.latest(...args), latest],
  'sentiment.insert': [(b, ...args: [never, never]) => b.sentiment.insert(...args), [bars, {}]],
  'sentiment.find': [(b, ...args: [never, never]) => b.sentiment.find(...args), [{ symbol: 'JUNK' }, {}]],
  'sentiment.latest': [(b, ...args: [never, never, never]) => b.sentiment.latest(...args), latest],
  'features.insert': [(b, ...args: [never, never]) => b.features.insert(...args), [[set], {}]],
  'features.find': [(b, ...args: [never, never]) => b.features.find(...args), [{ symbol: 'JUNK' }, {}]],
  'features.latest': [(b, ...args: [never, never]) => b.features.latest(...args), ['JUNK', {}]],
  'features.latestValue': [
    (b, ...args: [never, never, never]) => b.features.latestValue(...args),
    ['JUNK', 'a', {}],
  ],
  'predictions.insert': [(b, ...args: [never, never]) => b.predictions.insert(...args), [bars, {}]],
  'predictions.find': [(b, ...args: [never, never]) => b.predictions.find(...args), [{}, {}]],
  'predictions.findById': [(b, ...args: [never, never]) => b.predictions.findById(...args), ['JUNK', {}]],
  'predictions.dueForEvaluation': [
    (b, ...args: [never, never, never]) => b.predictions.dueForEvaluation(...args),
    [60, 0, {}],
  ],
  'outcomes.insert': [(b, ...args: [never, never]) => b.outcomes.insert(...args), [bars, {}]],
  'outcomes.find': [(b, ...args: [never, never]) => b.outcomes.find(...args), [{}, {}]],
  'strategyPerformance.insert': [
    (b, ...args: [never, never]) => b.strategyPerformance.insert(...args),
    [bars, {}],
  ],
  'strategyPerformance.find': [(b, ...args: [never, never]) => b.strategyPerformance.find(...args), [{}, {}]],
  'strategyPerformance.latest': [
    (b, ...args: [never, never]) => b.strategyPerformance.latest(...args),
    ['JUNK', {}],
  ],
  'analytics.aggregate': [(b, ...args: [never, never]) => b.analytics.aggregate(...args), [{}, {}]],
  'checkpoints.load': [(b, ...args: [never, never]) => b.checkpoints.load(...args), ['JUNK', {}]],
  'checkpoints.save': [(b, ...args: [never, never, never]) => b.checkpoints.save(...args), ['JUNK', 1, {}]],
  'schema.migrate': [(b, ...args: [never]) => b.schema.migrate(NaN as never, ...args), [{}]],
  'schema.validate': [(b, ...args: [never]) => b.schema.validate(...args), [{}]],
  'schema.version': [(b, ...args: [never]) => b.schema.version(...args), [{}]],
  'guarantees.inspect': [(b, ...args: [never]) => b.guarantees.inspect(...args), [{}]],
  'probe.ping': [(b, ...args: [never]) => b.probe.ping(...args), [{}]],
  'blocks.write': [(b, ...args: [never, never]) => b.blocks.write(...args), [{}, {}]],
};

/** The members of parameter objects. */
const MEMBERS: Readonly<Record<string, readonly [call: Method, right: object]>> = {
  'marketData.insert': [(b, batch: never) => b.marketData.insert(batch), bars],
  'features.insert': [
    (b, batch: never) => b.features.insert([batch]),
    { ...set, metadata: {}, calculationTimeMs: 1, computedAt: 0 },
  ],
  'marketData.find': [
    (b, params: never) => b.marketData.find(params),
    { symbol: 'JUNK', startTime: 0, endTime: 1, limit: 1, filters: {} },
  ],
  'analytics.aggregate': [
    (b, params: never) => b.analytics.aggregate(params),
    { record: 'marketData', interval: '1d', groupBy: ['symbol'], measure: 'close', limit: 1, filters: {} },
  ],
  'marketData.find with filters': [
    (b, filters: never) => b.marketData.find({ filters }),
    { source: 'vendor' },
  ],
  'predictions.dueForEvaluation': [
    (b, options: never) => b.predictions.dueForEvaluation(60, 0, options),
    { limit: 1, exact: true, deadline: Infinity, signal: new AbortController().signal },
  ],
};

/** That a call without what it needs fails as one with a wrong value does. */
export function argumentSuite(runner: TestRunner, open: OpenTimeSeries): void {
  describeSubject(runner, open, 'arguments', (backend) => {
    const { it, expect } = runner;
    for (const [field, calls] of Object.entries(CALLS)) {
      for (const [name, call] of Object.entries(calls)) {
        it(`${name} refuses a ${field} that is missing or of another type, by its name`, async () => {
          for (const argument of [undefined, null, true, () => 'a function']) {
            expect(await summaryOfRejection(async () => call(backend(), untyped<never>(argument)))).toEqual({
              code: 'VALIDATION',
              field,
            });
          }
        });
      }
    }

    for (const [name, [call, args]] of Object.entries(METHODS)) {
      it(`${name} fails with an error of the data layer whatever it is given`, async () => {
        const called = (...given: unknown[]) => call(backend(), ...untyped<never[]>(given));
        expect(await foreignFailures(called, args)).toEqual([]);
      });
    }

    for (const [name, [call, right]] of Object.entries(MEMBERS)) {
      it(`${name} fails with such an error whatever a member is, and names an unknown one`, async () => {
        const keys = Object.keys(right);
        const called = (...values: unknown[]) =>
          call(backend(), untyped<never>(Object.fromEntries(values.map((value, i) => [keys[i], value]))));
        expect(await foreignFailures(called, Object.values(right))).toEqual([]);
        if (name === 'features.insert') return;
        const typo = `${keys[0]!}s`;
        const failure = await summaryOfRejection(async () =>
          call(backend(), untyped<never>({ ...right, [typo]: 1 })),
        );
        expect(failure.code).toBe('VALIDATION');
        expect(failure.field?.endsWith(typo)).toBe(true);
      });
    }

    it('blocks.collect fails with such an error whatever it is given', async () => {
      const collect = (record: unknown) => backend().blocks.collect(record as RecordName);
      expect(await foreignFailures(collect, ['marketData'], { throwsAtOnce: true })).toEqual([]);
      for (const record of ['marketData', 'features', 'strategyPerformance'] as const) {
        const collector = backend().blocks.collect(record);
        const append = (batch: unknown) => collector.append(untyped(batch));
        expect(await foreignFailures(append, [{}], { throwsAtOnce: true })).toEqual([]);
        const columns = (...values: unknown[]) =>
          append({ columns: values[0], constants: values[1], timestamp: values[2] });
        expect(await foreignFailures(columns, [{}, {}, 0], { throwsAtOnce: true })).toEqual([]);
      }
    });
  });
}
