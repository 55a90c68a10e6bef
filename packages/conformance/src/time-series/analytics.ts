import type { AggregatedData } from '@quantumtrade/dal-domain';
import { summaryOfRejection } from '../failures.js';
import type { TestRunner } from '../runner.js';
import { aggregationsOf } from './aggregations.js';
import { barTests } from './bar-tests.js';
import { groupTests } from './group-tests.js';
import { intervalTests } from './interval-tests.js';
import { lateBarTests } from './late-bars.js';
import { meanTests } from './means.js';
import { sessionTests } from './sessions.js';
import { sourceTests } from './sources.js';
import type { OpenTimeSeries } from './subject.js';
import {
  answer,
  byUtf8,
  DAY,
  describeSubject,
  TRICKY_NAMES,
  uniqueDay,
  uniqueName,
  untyped,
} from './subject.js';

/** Tests `Analytics`. */
export function analyticsSuite(runner: TestRunner, open: OpenTimeSeries): void {
  describeSubject(runner, open, 'analytics', (backend) => {
    const { it, expect } = runner;
    const { bar, write, aggregate } = aggregationsOf(backend);
    const startsOf = (data: readonly AggregatedData<boolean>[]) =>
      data.map(({ intervalStart }) => intervalStart?.toISOString());

    intervalTests(runner, backend);
    barTests(runner, backend);
    groupTests(runner, backend);
    meanTests(runner, backend);
    sourceTests(runner, backend);
    sessionTests(runner, backend);
    lateBarTests(runner, backend);

    it('orders by bucket, then by group in UTF-8 order', async () => {
      const day = uniqueDay();
      await write(TRICKY_NAMES.flatMap((name) => [bar(name, day + DAY), bar(name, day)]));
      const data = await aggregate({ startTime: day, endTime: day + 2 * DAY, interval: '1d' });
      const symbols = TRICKY_NAMES.toSorted(byUtf8);
      expect(data.map(({ group }) => group.symbol)).toEqual([...symbols, ...symbols]);
      expect(new Set(startsOf(data)).size).toBe(2);
    });

    it('limits aggregates and counts those beyond the limit', async () => {
      const symbol = uniqueName();
      const day = uniqueDay();
      await write([0, 1, DAY, DAY + 1].map((offset) => bar(symbol, day + offset)));
      for (const limit of [0, 1, 2, 3]) {
        const result = await backend().analytics.aggregate({ symbol, interval: '1d', limit });
        expect(result.data.map(({ count }) => count)).toEqual([2, 2].slice(0, limit));
        expect(result.totalCount).toBe(2);
      }
    });

    it('aggregates only current rows in the range and filters', async () => {
      const symbol = uniqueName();
      const day = uniqueDay();
      const times = [day, day + 1, day + 2, day + 3];
      await write(times.map((time) => bar(symbol, time, { close: 1 })));
      await write(times.map((time) => bar(symbol, time, { close: 2 })));
      await write([bar(symbol, day + 1, { close: 100 })], 'other');
      const range = { symbol, startTime: day + 1, endTime: day + 3, filters: { source: 'vendor' } };
      expect((await aggregate(range))[0]).toMatchObject({ count: 2, min: 2, max: 2, avg: 2 });
    });

    it('returns no bucket without rows', async () => {
      const nothing = { data: [], totalCount: 0, cacheHit: false };
      const { analytics } = backend();
      const symbol = uniqueName();
      expect(answer(await analytics.aggregate({ symbol }))).toEqual(nothing);
      expect(answer(await analytics.aggregate({ symbol, interval: '1mo', groupBy: [] }))).toEqual(nothing);
      expect(answer(await analytics.aggregate({ symbol, groupBy: [] }))).toEqual(nothing);
    });

    it('refuses wrong parameters by name', async () => {
      const wrong: [object, string][] = [
        ...['', '0m', '1', 'm', '-1d', '1.5h', '1 d', '5M', '1001y', '12001mo', '60000w'].map(
          (interval): [object, string] => [{ interval }, 'interval'],
        ),
        [{ record: 'bars' }, 'record'],
        [{ record: 'constructor' }, 'record'],
        [{ groupBy: ['volume'] }, 'groupBy'],
        [{ groupBy: ['constructor'] }, 'groupBy'],
        [{ record: 'sentiment', groupBy: ['strategyName'] }, 'groupBy'],
        [{ measure: 'symbol' }, 'measure'],
        [{ measure: '1); DROP TABLE market_data; --' }, 'measure'],
        [{ record: 'features', measure: 'close' }, 'measure'],
        [{ sources: 'add' }, 'sources'],
        [{ record: 'sentiment', sources: 'combine' }, 'sources'],
        [{ limit: -1 }, 'limit'],
        [{ startTime: 'now' }, 'startTime'],
        [{ filters: { close: '1' } }, 'filters.close'],
        [{ record: 'strategyPerformance', symbol: 'AAPL' }, 'symbol'],
      ];
      for (const [params, field] of wrong) {
        expect(await summaryOfRejection(() => aggregate(untyped(params)))).toEqual({
          code: 'VALIDATION',
          field,
        });
      }
    });
  });
}
