import type { TimeSeriesBackend } from '@quantumtrade/dal-domain';
import { summaryOfRejection } from '../failures.js';
import type { TestRunner } from '../runner.js';
import { collect } from './method-cases.js';
import { batchOfRows, caseOf } from './record-cases.js';
import type { OpenTimeSeries } from './subject.js';
import { DAY, describeSubject, uniqueDay, uniqueName } from './subject.js';

const bars = caseOf('marketData');

/** Tests the limit on scanned rows. */
export function scanBudgetSuite(runner: TestRunner, open: OpenTimeSeries): void {
  describeSubject(runner, open, 'scan budgets', (backend: () => TimeSeriesBackend) => {
    const { it, expect } = runner;

    /** Writes 20 bars of two symbols, and returns the range that has only them. */
    async function writeBars() {
      const day = uniqueDay();
      const symbols = [uniqueName(), uniqueName()];
      const rows = symbols.flatMap((symbol) =>
        Array.from({ length: 10 }, (_, n) => bars.row(symbol, day, n)),
      );
      await bars.insert(backend(), batchOfRows(bars, rows));
      return { symbol: symbols[0]!, range: { startTime: day, endTime: day + DAY } };
    }

    it('reads that scan more rows than maxScanRows are refused', async () => {
      const { symbol, range } = await writeBars();
      const { analytics, marketData } = backend();
      const calls: ((maxScanRows: number) => Promise<unknown>)[] = [
        (maxScanRows) => marketData.find({ ...range, order: 'time', maxScanRows }),
        (maxScanRows) => marketData.find({ ...range, order: 'time', limit: 1, maxScanRows }),
        (maxScanRows) => marketData.find({ symbol, maxScanRows }),
        (maxScanRows) => marketData.columns({ ...range, maxScanRows }),
        (maxScanRows) => collect(marketData.stream({ ...range, order: 'time', maxScanRows })),
        (maxScanRows) => collect(marketData.streamColumns({ ...range, order: 'time', maxScanRows })),
        (maxScanRows) => analytics.aggregate({ ...range, maxScanRows }),
        (maxScanRows) => analytics.lateBars({ ...range, maxScanRows }),
      ];
      for (const call of calls) {
        for (const tooFew of [1, 9]) {
          expect(await summaryOfRejection(() => call(tooFew))).toEqual({
            code: 'VALIDATION',
            field: 'maxScanRows',
          });
        }
        await call(1_000_000);
      }
    });

    it('reads in key order have no scan budget', async () => {
      const { range } = await writeBars();
      const { marketData } = backend();
      const { data } = await marketData.find({ ...range, maxScanRows: 1 });
      expect(data).toHaveLength(20);
      expect((await collect(marketData.stream({ ...range, maxScanRows: 1 }))).flat()).toEqual(data);
    });

    it('maxScanRows must be a whole number above zero', async () => {
      for (const maxScanRows of [0, -1, 1.5, NaN, '5' as never, null as never]) {
        for (const call of [
          () => backend().marketData.find({ maxScanRows }),
          () => backend().marketData.columns({ maxScanRows }),
          () => backend().analytics.aggregate({ maxScanRows }),
          () => backend().analytics.lateBars({ maxScanRows }),
        ]) {
          expect(await summaryOfRejection(call)).toEqual({ code: 'VALIDATION', field: 'maxScanRows' });
        }
      }
    });
  });
}
