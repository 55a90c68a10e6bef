import type { RecordDefinition, TimeSeriesBackend } from '@quantumtrade/dal-domain';
import { records } from '@quantumtrade/dal-domain';
import { rejectionOf } from '../failures.js';
import type { TestRunner } from '../runner.js';
import type { MethodCase } from './method-cases.js';
import { callMethod, methodCases } from './method-cases.js';
import type { OpenTimeSeries, TimeSeriesSubject } from './subject.js';

const withTables = methodCases.filter(({ since }) => since !== undefined);

/** Returns whether a later migration may have added columns to the table of a method. */
const hasLaterColumns = ({ port }: MethodCase): boolean => {
  const definition = (records as Partial<Record<string, RecordDefinition>>)[port];
  return Object.values(definition?.fields ?? {}).some(({ nullable }) => nullable);
};

/** Tests that every method of a store checks in the same order: closed store, input, missing tables. */
export function callOrderSuite(runner: TestRunner, open: OpenTimeSeries): void {
  const { it, expect, describe, beforeAll, afterAll } = runner;

  /** Calls the methods and compares the code and `retryable` of each error. */
  async function expectFailures(
    backend: TimeSeriesBackend,
    tested: readonly MethodCase[],
    arguments_: 'args' | 'wrong' | 'empty',
    code: string,
  ): Promise<void> {
    const failures = await Promise.all(
      tested
        .filter((each) => each[arguments_] !== undefined)
        .map(async (each) => {
          const error = await rejectionOf(() => callMethod(backend, each, each[arguments_]!));
          return [each.name, error.code, error.retryable];
        }),
    );
    expect(failures).toEqual(failures.map(([name]) => [name, code, false]));
  }

  const answerAll = async (backend: TimeSeriesBackend, tested: readonly MethodCase[]) => {
    for (const each of tested) await callMethod(backend, each, each.args);
  };

  describe('order of checks', () => {
    let subject: TimeSeriesSubject;
    beforeAll(async () => {
      subject = await open();
    });
    afterAll(() => subject.close());

    it('reports a missing schema after wrong input', async () => {
      const { backend } = subject;
      await backend.schema.migrate(0);
      await expectFailures(backend, withTables, 'args', 'QUERY');
      await expectFailures(backend, withTables, 'wrong', 'VALIDATION');
    });

    it('accepts an empty batch without a schema', async () => {
      const { backend } = subject;
      for (const each of withTables) {
        if (each.empty === undefined) continue;
        const result = await callMethod(backend, each, each.empty);
        expect(result).toMatchObject({ insertedCount: 0, updatedCount: 0, failedCount: 0 });
      }
    });

    it('has exactly the tables of its schema version', async () => {
      const { backend } = subject;
      for (const version of [1, 4]) {
        await backend.schema.migrate(version);
        expect(await backend.schema.validate()).toMatchObject({ valid: false, version });
        const missing = withTables.filter(({ since }) => since! > version);
        await expectFailures(backend, missing, 'args', 'QUERY');
        await answerAll(
          backend,
          withTables.filter((each) => each.since! <= version && !hasLaterColumns(each)),
        );
        const tables = await backend.guarantees.inspect();
        expect(tables.filter(({ exists }) => exists)).toHaveLength(version);
      }
      await backend.schema.initialize();
      await answerAll(backend, withTables);
    });

    it('reports a closed store before wrong input', async () => {
      const { backend, close } = await open();
      await backend.probe.close();
      for (const given of ['args', 'wrong', 'empty'] as const) {
        await expectFailures(backend, methodCases, given, 'CONNECTION');
      }
      await close();
    });
  });
}
