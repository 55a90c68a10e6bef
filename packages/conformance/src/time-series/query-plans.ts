import { recordNames, records } from '@quantumtrade/dal-domain';
import { summaryOfRejection } from '../failures.js';
import type { TestRunner } from '../runner.js';
import type { OpenTimeSeries } from './subject.js';
import { describeSubject, untyped } from './subject.js';

/** Tests the explanations of reads. */
export function queryPlanSuite(runner: TestRunner, open: OpenTimeSeries): void {
  describeSubject(runner, open, 'query plans', (backend) => {
    const { it, expect } = runner;

    for (const record of recordNames) {
      it(`explain describes a page of ${record}`, async () => {
        const plan = await backend().queryPlans.explain(record, { startTime: 0, limit: 3 });
        for (const statement of [plan, plan.afterTimeout, plan.afterMemoryLimit]) {
          if (statement === null) continue;
          const { sql, rules } = statement;
          expect(sql.includes(records[record].table)).toBe(true);
          for (const applied of rules) {
            expect(Object.keys(applied)).toEqual(['rule', 'why']);
            expect(applied.why.length).toBeGreaterThan(applied.rule.length);
          }
          expect(new Set(rules.map(({ rule }) => rule)).size).toBe(rules.length);
        }
      });
    }

    for (const record of recordNames.filter((name) => 'aggregate' in records[name])) {
      it(`explainAggregation describes aggregates of ${record}`, async () => {
        for (const interval of [undefined, '1d'] as const) {
          const plan = await backend().queryPlans.explainAggregation({ record, interval, limit: 3 });
          for (const statement of [plan, plan.afterTimeout, plan.afterMemoryLimit]) {
            if (statement === null) continue;
            expect(statement.sql.includes(records[record].table)).toBe(true);
            for (const applied of statement.rules) expect(Object.keys(applied)).toEqual(['rule', 'why']);
          }
        }
      });
    }

    it('explainAggregation refuses what aggregate refuses', async () => {
      const { analytics, queryPlans } = backend();
      for (const params of [{ limit: -1 }, { record: 'x' }, { interval: '0m' }, { filters: { no: 'x' } }]) {
        expect(
          await summaryOfRejection(() => queryPlans.explainAggregation(untyped<object>(params))),
        ).toEqual(await summaryOfRejection(() => analytics.aggregate(untyped<object>(params))));
      }
    });

    it('explain needs no parameters', async () => {
      for (const record of recordNames) {
        expect(await backend().queryPlans.explain(record)).toEqual(
          await backend().queryPlans.explain(record, {}),
        );
      }
    });

    it('explain refuses what find refuses', async () => {
      const { marketData, queryPlans } = backend();
      const wrong: unknown[] = [
        { limit: -1 },
        { symbol: '' },
        { select: [] },
        { cursor: 'x' },
        { filters: { no: 'x' } },
      ];
      for (const params of wrong) {
        expect(
          await summaryOfRejection(() => queryPlans.explain('marketData', untyped<object>(params))),
        ).toEqual(await summaryOfRejection(() => marketData.find(untyped<object>(params))));
      }
    });
  });
}
