import { getEventListeners } from 'node:events';
import type { CallOptions, TimeSeriesBackend } from '@quantumtrade/dal-domain';
import { summaryOfRejection } from '../failures.js';
import type { TestRunner } from '../runner.js';
import type { RepositoryKind } from './kinds.js';
import {
  batchOf,
  marketDataKind,
  outcomeKind,
  predictionKind,
  sentimentKind,
  strategyPerformanceKind,
} from './kinds.js';
import type { OpenTimeSeries } from './subject.js';
import { describeSubject, untyped } from './subject.js';

type Call = (backend: TimeSeriesBackend, options: CallOptions) => Promise<unknown>;

const insertOf =
  (kind: RepositoryKind): Call =>
  (backend, options) =>
    kind.insert(backend, batchOf(kind, [kind.row('CALLS', 0)]), options);

/** Every method of a backend that may take long. */
const CALLS: Readonly<Record<string, Call>> = {
  'marketData.insert': insertOf(marketDataKind),
  'marketData.find': (backend, options) => backend.marketData.find({}, options),
  'marketData.latest': (backend, options) => backend.marketData.latest('CALLS', 1, options),
  'sentiment.insert': insertOf(sentimentKind),
  'sentiment.find': (backend, options) => backend.sentiment.find({}, options),
  'sentiment.latest': (backend, options) => backend.sentiment.latest('CALLS', 1, options),
  'features.insert': (backend, options) =>
    backend.features.insert([{ symbol: 'CALLS', timestamp: 0, features: { a: 1 }, version: 1 }], options),
  'features.find': (backend, options) => backend.features.find({}, options),
  'features.latest': (backend, options) => backend.features.latest('CALLS', options),
  'features.latestValue': (backend, options) => backend.features.latestValue('CALLS', 'a', options),
  'predictions.insert': insertOf(predictionKind),
  'predictions.find': (backend, options) => backend.predictions.find({}, options),
  'predictions.findById': (backend, options) => backend.predictions.findById('CALLS', options),
  'predictions.dueForEvaluation': (backend, options) => backend.predictions.dueForEvaluation(60, 0, options),
  'outcomes.insert': insertOf(outcomeKind),
  'outcomes.find': (backend, options) => backend.outcomes.find({}, options),
  'strategyPerformance.insert': insertOf(strategyPerformanceKind),
  'strategyPerformance.find': (backend, options) => backend.strategyPerformance.find({}, options),
  'strategyPerformance.latest': (backend, options) => backend.strategyPerformance.latest('CALLS', options),
  'analytics.aggregate': (backend, options) => backend.analytics.aggregate({}, options),
  'checkpoints.load': (backend, options) => backend.checkpoints.load('CALLS', options),
  'checkpoints.save': (backend, options) => backend.checkpoints.save('CALLS', 1, options),
  'schema.initialize': (backend, options) => backend.schema.initialize(options),
  'schema.migrate': (backend, options) => backend.schema.migrate(0, options),
  'schema.validate': (backend, options) => backend.schema.validate(options),
  'schema.version': (backend, options) => backend.schema.version(options),
  'guarantees.inspect': (backend, options) => backend.guarantees.inspect(options),
  'probe.ping': (backend, options) => backend.probe.ping(options),
};

/** The methods that take `exact`. */
const EXACT: ReadonlySet<string> = new Set([
  'marketData.find',
  'marketData.latest',
  'sentiment.find',
  'sentiment.latest',
  'predictions.find',
  'predictions.findById',
  'predictions.dueForEvaluation',
  'outcomes.find',
  'strategyPerformance.find',
  'strategyPerformance.latest',
  'analytics.aggregate',
]);

/** What every method promises of its call options, and what `BackendProbe` promises. */
export function callSuite(runner: TestRunner, open: OpenTimeSeries): void {
  describeSubject(runner, open, 'calls', (backend) => {
    const { it, expect } = runner;

    for (const [name, call] of Object.entries(CALLS)) {
      it(`${name} ends with the reason of a signal that is aborted, and does nothing`, async () => {
        for (const reason of [new Error('no longer wanted'), 'a reason that is no error']) {
          const pending = call(backend(), { signal: AbortSignal.abort(reason) });
          const ended = await pending.then(
            () => 'resolved',
            (error: unknown) => error,
          );
          expect(ended).toBe(reason);
        }
      });

      it(`${name} fails with a timeout when its deadline has passed`, async () => {
        for (const deadline of [0, Date.now() - 1]) {
          expect(await summaryOfRejection(() => call(backend(), { deadline }))).toEqual({ code: 'TIMEOUT' });
        }
      });

      it(`${name} is refused when its deadline is no number`, async () => {
        const refused = { code: 'VALIDATION', field: 'deadline' };
        for (const deadline of [NaN, '2030-01-01', null, new Date(Date.now() + 60_000), 5n]) {
          expect(await summaryOfRejection(() => call(backend(), untyped({ deadline })))).toEqual(refused);
        }
      });

      it(`${name} refuses options that are unknown or of a wrong type by name`, async () => {
        const failure = (options: unknown) => summaryOfRejection(() => call(backend(), untyped(options)));
        const refused = (field: string) => ({ code: 'VALIDATION', field });
        expect(await failure({ deadlin: 1 })).toEqual(refused('deadlin'));
        expect(await failure({ signal: {} })).toEqual(refused('signal'));
        for (const options of [null, 5, 'now']) expect(await failure(options)).toEqual(refused('options'));
        for (const exact of EXACT.has(name) ? [1, 'true', null] : [true]) {
          expect(await failure({ exact })).toEqual(refused('exact'));
        }
      });
    }

    it('left no trace of the calls that were over before they began', async () => {
      expect(await backend().checkpoints.load('CALLS')).toBe(0);
      expect(await backend().schema.version()).toBeGreaterThan(0);
      for (const kind of [
        marketDataKind,
        sentimentKind,
        predictionKind,
        outcomeKind,
        strategyPerformanceKind,
      ]) {
        expect((await kind.find(backend(), {})).totalCount).toBe(0);
      }
      expect(await backend().features.latest('CALLS')).toBeNull();
    });

    it('takes calls whose signal and deadline leave them time', async () => {
      const options = { signal: new AbortController().signal, deadline: Date.now() + 60_000 };
      for (const [name, call] of Object.entries(CALLS)) {
        if (name !== 'schema.migrate') await call(backend(), options);
        expect([name, getEventListeners(options.signal, 'abort').length]).toEqual([name, 0]);
      }
    });

    it('adds at most one listener to a signal that concurrent calls share', async () => {
      const { signal } = new AbortController();
      const pending = Array.from({ length: 50 }, () => backend().probe.ping({ signal }));
      expect(getEventListeners(signal, 'abort').length <= 1).toBe(true);
      await Promise.all(pending);
      expect(getEventListeners(signal, 'abort')).toEqual([]);
    });

    it('answers a ping and counts its connections', async () => {
      await backend().probe.ping();
      expect(backend().probe.connectionCount()).toBeGreaterThanOrEqual(0);
    });

    it('fails every call after it was closed, and closing again does no harm', async () => {
      const closed = await open();
      await closed.backend.probe.close();
      await closed.backend.probe.close();
      for (const call of Object.values(CALLS)) {
        expect(await summaryOfRejection(() => call(closed.backend, {}))).toEqual({ code: 'CONNECTION' });
      }
      expect(closed.backend.probe.connectionCount()).toBe(0);
      await closed.close();
    });
  });
}
