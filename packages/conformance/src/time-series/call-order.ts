import type { TimeSeriesBackend } from '@quantumtrade/dal-domain';
import { rejectionOf } from '../failures.js';
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
import type { OpenTimeSeries, TimeSeriesSubject } from './subject.js';
import { untyped } from './subject.js';

type Call = (backend: TimeSeriesBackend) => Promise<unknown>;

/** A call with right input that asks the store, one with wrong input, and one that has nothing to ask. */
interface Calls {
  readonly right: Call;
  readonly wrong?: Call;
  readonly empty?: Call;
  /** The code of wrong input, where it is not `VALIDATION`. */
  readonly code?: string;
}

const BAD = untyped<never>({ limit: -1 });

const inserts = (kind: RepositoryKind): Calls => ({
  right: (backend) => kind.insert(backend, batchOf(kind, [kind.row('ORDER', 0)])),
  wrong: (backend) => kind.insert(backend, untyped(5)),
  empty: (backend) => kind.insert(backend, batchOf(kind, [])),
});

const finds = (kind: RepositoryKind): Calls => ({
  right: (backend) => kind.find(backend, {}),
  wrong: (backend) => kind.find(backend, BAD),
});

const set = { symbol: 'ORDER', timestamp: 0, features: { a: 1 }, version: 1 };

/** Every method that needs a table, by the schema version at which that is there. */
const TABLE_CALLS: Readonly<Record<string, Calls & { readonly version: number }>> = {
  'marketData.insert': { version: 1, ...inserts(marketDataKind) },
  'marketData.find': { version: 1, ...finds(marketDataKind) },
  'marketData.latest': {
    version: 1,
    right: ({ marketData }) => marketData.latest('ORDER', 1),
    wrong: ({ marketData }) => marketData.latest('ORDER', -1),
  },
  'sentiment.insert': { version: 2, ...inserts(sentimentKind) },
  'sentiment.find': { version: 2, ...finds(sentimentKind) },
  'sentiment.latest': {
    version: 2,
    right: ({ sentiment }) => sentiment.latest('ORDER', 0),
    wrong: ({ sentiment }) => sentiment.latest('', 1),
  },
  'features.insert': {
    version: 3,
    right: ({ features }) => features.insert([set]),
    wrong: ({ features }) => features.insert(untyped('sets')),
    empty: ({ features }) => features.insert([]),
  },
  'features.find': {
    version: 3,
    right: ({ features }) => features.find({}),
    wrong: ({ features }) => features.find(BAD),
  },
  'features.latest': {
    version: 3,
    right: ({ features }) => features.latest('ORDER'),
    wrong: ({ features }) => features.latest(''),
  },
  'features.latestValue': {
    version: 3,
    right: ({ features }) => features.latestValue('ORDER', 'a'),
    wrong: ({ features }) => features.latestValue('ORDER', ''),
  },
  'predictions.insert': { version: 4, ...inserts(predictionKind) },
  'predictions.find': { version: 4, ...finds(predictionKind) },
  'predictions.findById': {
    version: 4,
    right: ({ predictions }) => predictions.findById('ORDER'),
    wrong: ({ predictions }) => predictions.findById(''),
  },
  'predictions.dueForEvaluation': {
    version: 5,
    right: ({ predictions }) => predictions.dueForEvaluation(60, 0),
    wrong: ({ predictions }) => predictions.dueForEvaluation(60, 0, { limit: -1 }),
  },
  'outcomes.insert': { version: 5, ...inserts(outcomeKind) },
  'outcomes.find': { version: 5, ...finds(outcomeKind) },
  'strategyPerformance.insert': { version: 6, ...inserts(strategyPerformanceKind) },
  'strategyPerformance.find': { version: 6, ...finds(strategyPerformanceKind) },
  'strategyPerformance.latest': {
    version: 6,
    right: ({ strategyPerformance }) => strategyPerformance.latest('ORDER'),
    wrong: ({ strategyPerformance }) => strategyPerformance.latest(''),
  },
  'analytics.aggregate': {
    version: 1,
    right: ({ analytics }) => analytics.aggregate({}),
    wrong: ({ analytics }) => analytics.aggregate(BAD),
  },
  'analytics.aggregate of outcomes': {
    version: 5,
    right: ({ analytics }) => analytics.aggregate({ record: 'outcomes' }),
    wrong: ({ analytics }) => analytics.aggregate({ record: untyped('outcome') }),
  },
  'checkpoints.load': {
    version: 7,
    right: ({ checkpoints }) => checkpoints.load('ORDER'),
    wrong: ({ checkpoints }) => checkpoints.load(''),
  },
  'checkpoints.save': {
    version: 7,
    right: ({ checkpoints }) => checkpoints.save('ORDER', 1),
    wrong: ({ checkpoints }) => checkpoints.save('ORDER', -1),
  },
};

/** The methods that need no table. */
const OTHER_CALLS: Readonly<Record<string, Calls>> = {
  'schema.initialize': { right: ({ schema }) => schema.initialize() },
  'schema.migrate': {
    right: ({ schema }) => schema.migrate(1),
    wrong: ({ schema }) => schema.migrate(0.5),
    code: 'MIGRATION',
  },
  'schema.validate': { right: ({ schema }) => schema.validate() },
  'schema.version': { right: ({ schema }) => schema.version() },
  'guarantees.inspect': { right: ({ guarantees }) => guarantees.inspect() },
  'probe.ping': { right: ({ probe }) => probe.ping() },
};

const entries = Object.entries(TABLE_CALLS);

/** That a call fails alike whatever it asks of a store that is closed or lacks tables. */
export function callOrderSuite(runner: TestRunner, open: OpenTimeSeries): void {
  const { it, expect, describe, beforeAll, afterAll } = runner;
  const failure = async (call: Call, backend: TimeSeriesBackend) => {
    const { code, retryable } = await rejectionOf(async () => call(backend));
    return { code, retryable };
  };
  const named = async (calls: readonly (readonly [string, Call])[], backend: TimeSeriesBackend) =>
    Object.fromEntries(
      await Promise.all(calls.map(async ([name, call]) => [name, await failure(call, backend)] as const)),
    );
  const allAs = (calls: readonly (readonly [string, unknown])[], expected: (name: string) => object) =>
    Object.fromEntries(calls.map(([name]) => [name, expected(name)]));
  const of = (kind: 'right' | 'wrong' | 'empty', all: readonly (readonly [string, Calls])[]) =>
    all.flatMap(([name, calls]) => (calls[kind] ? [[name, calls[kind]] as const] : []));

  describe('order of checks', () => {
    let subject: TimeSeriesSubject;
    beforeAll(async () => {
      subject = await open();
    });
    afterAll(() => subject.close());

    it('names the missing schema last, and nothing where there is nothing to store', async () => {
      const { backend } = subject;
      await backend.schema.migrate(0);
      const right = of('right', entries);
      expect(await named(right, backend)).toEqual(allAs(right, () => ({ code: 'QUERY', retryable: false })));
      const wrong = of('wrong', entries);
      expect(await named(wrong, backend)).toEqual(
        allAs(wrong, () => ({ code: 'VALIDATION', retryable: false })),
      );
      for (const [, call] of of('empty', entries)) {
        expect(await call(backend)).toMatchObject({ insertedCount: 0, updatedCount: 0, failedCount: 0 });
      }
    });

    it('has the tables of its schema version, and misses the others', async () => {
      const { backend } = subject;
      for (const version of [1, 4]) {
        await backend.schema.migrate(version);
        expect(await backend.schema.validate()).toMatchObject({ valid: false, version });
        const missing = of(
          'right',
          entries.filter(([, calls]) => calls.version > version),
        );
        expect(await named(missing, backend)).toEqual(
          allAs(missing, () => ({ code: 'QUERY', retryable: false })),
        );
        const found = of(
          'right',
          entries.filter(([, calls]) => calls.version <= version),
        );
        for (const [, call] of found) await call(backend);
        const tables = await backend.guarantees.inspect();
        expect(tables.filter(({ exists }) => exists)).toHaveLength(version);
      }
      await backend.schema.initialize();
      for (const [, call] of of('right', entries)) await call(backend);
    });

    it('names the closed store before wrong input', async () => {
      const { backend, close } = await open();
      await backend.probe.close();
      const all = [...entries, ...Object.entries(OTHER_CALLS)];
      for (const kind of ['right', 'wrong', 'empty'] as const) {
        const calls = of(kind, all);
        expect(await named(calls, backend)).toEqual(
          allAs(calls, () => ({ code: 'CONNECTION', retryable: false })),
        );
      }
      await close();
    });
  });
}
