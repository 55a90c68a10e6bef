import type { StrategyPerformanceBatch } from '@quantumtrade/dal-domain';
import { summaryOfRejection } from '../failures.js';
import type { TestRunner } from '../runner.js';
import { caseOf } from './record-cases.js';
import type { OpenTimeSeries } from './subject.js';
import { describeSubject, uniqueDay, uniqueName, untyped } from './subject.js';

const strategyPerformanceCase = caseOf('strategyPerformance');

type Performance = StrategyPerformanceBatch['records'][number];

const UUID = /^[0-9a-f]{8}-[0-9a-f]{4}-[1-8][0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}$/;

/** Tests `StrategyPerformanceRepository`. */
export function strategyPerformanceSuite(runner: TestRunner, open: OpenTimeSeries): void {
  describeSubject(runner, open, 'strategy performance', (backend) => {
    const { it, expect } = runner;
    const day = uniqueDay();
    const performance = (strategyName: string, more: Partial<Performance> = {}) =>
      ({ ...strategyPerformanceCase.row(strategyName, day), ...more }) as Performance;
    const unnamed = (strategyName: string, more: Partial<Performance> = {}): Performance => {
      const { id: _, ...rest } = performance(strategyName, more);
      return rest;
    };
    const write = (records: readonly Performance[]) => backend().strategyPerformance.insert({ records });
    const read = async (strategyName: string) =>
      (await backend().strategyPerformance.find({ filters: { strategyName } })).data;

    it('derives a missing id from strategy, regime, instant and parameters', async () => {
      const strategy = uniqueName();
      const parameters = { lookback: 20, threshold: 0.1 };
      const same = [
        unnamed(strategy, { parameters }),
        unnamed(strategy, { parameters: { threshold: 0.1, lookback: 20 }, timestamp: new Date(day) }),
        unnamed(strategy, { parameters, profitLoss: 7, marketConditions: {} }),
      ];
      expect(await write(same)).toMatchObject({ insertedCount: 1, updatedCount: 2, failedCount: 0 });
      const [row, ...more] = await read(strategy);
      expect(more).toEqual([]);
      expect(row).toMatchObject({ profitLoss: 7, parameters });
      expect(UUID.test(row!.id)).toBe(true);
      const different: Partial<Performance>[] = [
        { parameters: { ...parameters, lookback: 21 } },
        { parameters: {} },
        { parameters, marketRegime: 'bear' },
        { parameters, timestamp: day + 1 },
      ];
      expect(await write(different.map((change) => unnamed(strategy, change)))).toMatchObject({
        insertedCount: 4,
      });
      expect(new Set((await read(strategy)).map(({ id }) => id)).size).toBe(5);
    });

    it('reports invalid fields that a derived id depends on', async () => {
      const wrong: [keyof Performance, unknown][] = [
        ['parameters', { lookback: 20n }],
        ['parameters', undefined],
        ['timestamp', 20n],
        ['timestamp', new Date(NaN)],
        ['strategyName', Symbol('momentum')],
        ['marketRegime', 1n],
      ];
      const { insertedCount, errors } = await write([
        ...wrong.map(([name, value]) => unnamed(uniqueName(), { [name]: value })),
        unnamed(uniqueName()),
      ]);
      expect(insertedCount).toBe(1);
      expect(errors.map(({ index, field }) => [index, field])).toEqual(
        wrong.map(([name], index) => [index, name]),
      );
    });

    it('accepts UUIDs in any case and refuses other ids', async () => {
      const strategy = uniqueName();
      const id = 'ABCDEF01-2345-4678-9ABC-DEF012345678';
      await write([performance(strategy, { id })]);
      expect((await read(strategy)).map((row) => row.id)).toEqual([id.toLowerCase()]);
      const found = await backend().strategyPerformance.find({ filters: { id, strategyName: strategy } });
      expect(found.totalCount).toBe(1);
      const { errors } = await write(
        ['', 'abc', untyped<string>(7)].map((wrong) => performance(strategy, { id: wrong })),
      );
      expect(errors.map(({ field }) => field)).toEqual(['id', 'id', 'id']);
      expect(
        await summaryOfRejection(() => backend().strategyPerformance.find({ filters: { id: 'abc' } })),
      ).toEqual({
        code: 'VALIDATION',
        field: 'filters.id',
      });
    });

    it('stores undefined metrics as null', async () => {
      const strategy = uniqueName();
      const metrics = ['accuracyRate', 'sharpeRatio', 'maxDrawdown', 'winRate'] as const;
      const none = Object.fromEntries(metrics.map((metric) => [metric, null]));
      const missing = Object.fromEntries(metrics.map((metric) => [metric, undefined]));
      const ids = [1, 2].map((n) => `00000000-0000-4000-8000-00000000000${n}`);
      const records = [none, missing].map((more, n) => performance(strategy, { ...more, id: ids[n] }));
      expect(await write([...records, performance(strategy)])).toMatchObject({
        insertedCount: 3,
        errors: [],
      });
      expect(await read(strategy)).toMatchObject([{ sharpeRatio: 1.25 }, none, none]);
      for (const metric of metrics) {
        const { errors } = await write([performance(uniqueName(), { [metric]: NaN })]);
        expect(errors).toMatchObject([
          { field: metric, reason: 'must be finite as float32, or null where there is no value' },
        ]);
      }
    });

    it('refuses drawdowns outside -1 to 0', async () => {
      const wrong = [0.35, 35, -1.5, 1e-9];
      const { errors } = await write(wrong.map((maxDrawdown) => performance(uniqueName(), { maxDrawdown })));
      expect(errors.map(({ field }) => field)).toEqual(wrong.map(() => 'maxDrawdown'));
      expect(errors[0]!.reason).toBe(
        'must lie between -1 and 0: a drawdown is a fraction of the peak and not positive, e.g. -0.25 for a loss of a quarter',
      );
      const right = [-1, -0.35, 0, -0];
      expect(
        await write(right.map((maxDrawdown) => performance(uniqueName(), { maxDrawdown }))),
      ).toMatchObject({
        insertedCount: 4,
      });
    });

    it('keeps profits of 38 digits', async () => {
      const strategy = uniqueName();
      await write([performance(strategy, { profitLoss: '-123456789012345678901234567890.00000001' })]);
      expect(await backend().strategyPerformance.latest(strategy, { exact: true })).toMatchObject({
        profitLoss: '-123456789012345678901234567890.00000001',
      });
    });

    it('orders performance by timestamp, strategy, regime and id', async () => {
      const start = uniqueDay();
      const ids = ['f0000000-0000-4000-8000-000000000000', '00000000-0000-4000-8000-00000000000f'];
      const rows = [1, 0].flatMap((n) =>
        ['s', 'S'].flatMap((strategy) =>
          ['bull', 'bear'].flatMap((marketRegime) =>
            ids.map((id) => performance(strategy, { id, marketRegime, timestamp: start + n })),
          ),
        ),
      );
      await write(rows);
      const { data } = await backend().strategyPerformance.find({
        startTime: start,
        endTime: start + 2,
        order: 'time',
      });
      expect(
        data.map((row) => [row.timestamp.getTime() - start, row.strategyName, row.marketRegime, row.id]),
      ).toEqual(
        rows
          .map((row) => [Number(row.timestamp) - start, row.strategyName, row.marketRegime, row.id])
          .toReversed(),
      );
    });

    it('latest returns the newest row, then the first regime and id', async () => {
      const strategy = uniqueName();
      const ids = [3, 2, 1].map((n) => `00000000-0000-4000-8000-00000000000${n}`);
      await write([
        performance(strategy, { marketRegime: 'a', id: ids[0], timestamp: day }),
        ...['c', 'b'].flatMap((marketRegime) =>
          ids.map((id) => performance(strategy, { marketRegime, id, timestamp: day + 1 })),
        ),
      ]);
      expect(await backend().strategyPerformance.latest(strategy)).toMatchObject({
        timestamp: new Date(day + 1),
        marketRegime: 'b',
        id: ids[2],
        profitLoss: 1_234.5,
      });
      expect(await backend().strategyPerformance.latest(strategy, { exact: true })).toMatchObject({
        profitLoss: '1234.5',
      });
    });

    it('latest returns null for an unknown strategy, refuses an empty one', async () => {
      const { strategyPerformance } = backend();
      expect(await strategyPerformance.latest(uniqueName())).toBeNull();
      expect(await summaryOfRejection(() => strategyPerformance.latest(''))).toEqual({
        code: 'VALIDATION',
        field: 'strategyName',
      });
    });

    it('find refuses a symbol for strategy performance', async () => {
      expect(await summaryOfRejection(() => backend().strategyPerformance.find({ symbol: 'AAPL' }))).toEqual({
        code: 'VALIDATION',
        field: 'symbol',
      });
    });
  });
}
