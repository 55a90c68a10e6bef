import type { RecordName, TimeSeriesBackend } from '@quantumtrade/dal-domain';
import { recordNames, records } from '@quantumtrade/dal-domain';
import { foreignFailures, summaryOfRejection } from '../failures.js';
import type { TestRunner } from '../runner.js';
import { callMethod, collect, methodCases } from './method-cases.js';
import { caseOf } from './record-cases.js';
import type { OpenTimeSeries } from './subject.js';
import { describeSubject, untyped } from './subject.js';

type Method = (backend: TimeSeriesBackend, ...args: never[]) => unknown;

const bars = { records: [caseOf('marketData').row('JUNK', 0)], source: 'vendor', timestamp: 0 };
const set = { symbol: 'JUNK', timestamp: 0, features: { a: 1 }, version: 1 };

/** Values of wrong types that a caller without types may give for any argument. */
const WRONG_TYPES = [undefined, null, true, () => 'a function'];

/** Methods with an object as parameter, and valid members of it. */
const MEMBERS: Readonly<Record<string, readonly [call: Method, right: object]>> = {
  'marketData.insert': [(b, batch: never) => b.marketData.insert(batch), bars],
  'features.insert': [
    (b, batch: never) => b.features.insert([batch]),
    { ...set, metadata: {}, calculationTimeMs: 1, computedAt: 0 },
  ],
  'marketData.find': [
    (b, params: never) => b.marketData.find(params),
    {
      ...{ symbol: 'JUNK', startTime: 0, endTime: 1, filters: {}, select: ['close'], order: 'time' },
      ...{ direction: 'descending', maxScanRows: 1, limit: 1, cursor: '', count: true, instants: 'number' },
    },
  ],
  'marketData.find with symbols': [
    (b, params: never) => b.marketData.find(params),
    { symbols: ['JUNK', 'MORE'], order: 'key' },
  ],
  'marketData.stream': [
    (b, params: never) => collect(b.marketData.stream(params)),
    { symbols: ['JUNK'], select: ['close'], limit: 1, batchRows: 1, instants: 'number' },
  ],
  'features.columns': [(b, params: never) => b.features.columns(params), { symbol: 'JUNK', limit: 1 }],
  'analytics.aggregate': [
    (b, params: never) => b.analytics.aggregate(params),
    { record: 'marketData', interval: '1d', groupBy: ['symbol'], measure: 'close', limit: 1, filters: {} },
  ],
  'analytics.lateBars': [
    (b, params: never) => b.analytics.lateBars(params),
    { symbol: 'JUNK', startTime: 0, endTime: 1, filters: {}, maxScanRows: 1 },
  ],
  'queryPlans.explain': [
    (b, params: never) => b.queryPlans.explain('marketData', params),
    { symbol: 'JUNK', order: 'time', limit: 1 },
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

/** Tests that missing, wrong and hostile arguments fail with an error of the data layer. */
export function argumentSuite(runner: TestRunner, open: OpenTimeSeries): void {
  describeSubject(runner, open, 'arguments', (backend) => {
    const { it, expect } = runner;
    for (const tested of methodCases) {
      for (const [position, field] of tested.parameters.entries()) {
        it(`${tested.name} refuses a missing or wrong ${field} by its name`, async () => {
          for (const argument of WRONG_TYPES) {
            if (argument === undefined && tested.isOptional) continue;
            const call = async () => callMethod(backend(), tested, tested.args.with(position, argument));
            expect(await summaryOfRejection(call)).toEqual({ code: 'VALIDATION', field });
          }
        });
      }

      // A migration to a number that is a version would drop tables.
      const fixed = tested.name === 'schema.migrate' ? [NaN] : [];
      const args = fixed.length > 0 ? [{}] : [...tested.args, {}];
      it(`${tested.name} fails with a data layer error for any argument`, async () => {
        const called = (...given: unknown[]) => callMethod(backend(), tested, [...fixed, ...given]);
        expect(await foreignFailures(called, args)).toEqual([]);
      });
    }

    it('blocks.write fails with a data layer error for any argument', async () => {
      const write = (block: never, options: never) => backend().blocks.write(block, options);
      expect(await foreignFailures(write as (...args: unknown[]) => unknown, [{}, {}])).toEqual([]);
    });

    for (const record of recordNames) {
      it(`collecting ${record} refuses a missing or wrong batch by its name`, async () => {
        const field = records[record].batch.form === 'sets' ? 'batches' : 'batch';
        for (const argument of WRONG_TYPES) {
          const call = async () => backend().blocks.collect(record).append(untyped(argument));
          expect(await summaryOfRejection(call)).toEqual({ code: 'VALIDATION', field });
        }
      });
    }

    it('blocks.collect refuses a missing or wrong record by its name', async () => {
      for (const argument of WRONG_TYPES) {
        const call = async () => backend().blocks.collect(untyped<RecordName>(argument));
        expect(await summaryOfRejection(call)).toEqual({ code: 'VALIDATION', field: 'record' });
      }
    });

    for (const [name, [call, right]] of Object.entries(MEMBERS)) {
      it(`${name} refuses any wrong member and names unknown ones`, async () => {
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

    it('blocks.collect fails with a data layer error for any argument', async () => {
      const collect = (record: unknown) => backend().blocks.collect(record as RecordName);
      expect(await foreignFailures(collect, ['marketData'], { throwsAtOnce: true })).toEqual([]);
      for (const record of recordNames) {
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
