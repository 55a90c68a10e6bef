import type { MarketDataInput } from '@quantumtrade/dal-domain';
import { summaryOfRejection } from '../failures.js';
import type { TestRunner } from '../runner.js';
import { caseOf } from './record-cases.js';
import { decimalTests } from './decimals.js';
import type { OpenTimeSeries } from './subject.js';
import { answer, describeSubject, DAY, uniqueDay, uniqueName, untyped } from './subject.js';

const marketDataCase = caseOf('marketData');

/** Tests `MarketDataRepository`. */
export function marketDataSuite(runner: TestRunner, open: OpenTimeSeries): void {
  describeSubject(runner, open, 'market data', (backend) => {
    const { it, expect } = runner;
    decimalTests(runner, backend);

    const bar = (symbol: string, more: Partial<MarketDataInput> = {}) =>
      ({ ...marketDataCase.row(symbol, uniqueDay()), ...more }) as MarketDataInput;
    const write = (records: readonly MarketDataInput[], source = 'vendor', timestamp?: number) =>
      backend().marketData.insert({ records, source, ...(timestamp !== undefined && { timestamp }) });
    const exactly = async (symbol: string) =>
      (await backend().marketData.find({ symbol }, { exact: true })).data;
    const closes = async (symbol: string) => (await exactly(symbol)).map(({ close }) => close);

    const day = uniqueDay();
    const writeCloses = async (values: readonly unknown[]) => {
      const symbol = uniqueName();
      const result = await write(
        values.map((close, n) => bar(symbol, { timestamp: day + n, close: untyped(close) })),
      );
      return { result, closes: await closes(symbol) };
    };

    it('keeps decimal strings of 18 digits exactly', async () => {
      const exact = [
        '0',
        '0.00000001',
        '-0.00000001',
        '9999999999.99999999',
        '-9999999999.99999999',
        '123.45',
      ];
      expect((await writeCloses(exact)).closes).toEqual(exact);
      const spelled = ['+1.50', '007', '1e3', '25e-1', '-0', '1.'];
      expect((await writeCloses(spelled)).closes).toEqual(['1.5', '7', '1000', '2.5', '0', '1']);
    });

    it('rounds numbers half to even at the eighth digit', async () => {
      const numbers = [0.000000015, 0.000000025, -0.000000015, 1.000000005, 0.1 + 0.2, -0];
      expect((await writeCloses(numbers)).closes).toEqual([
        '0.00000002',
        '0.00000002',
        '-0.00000002',
        '1',
        '0.3',
        '0',
      ]);
    });

    it('refuses decimals that are out of range or malformed', async () => {
      const wrong = [
        '0.000000001',
        '10000000000',
        1e10,
        -1e10,
        '1,5',
        '',
        ' 1',
        'NaN',
        NaN,
        Infinity,
        true,
        10n ** 10n,
        4e-9,
        '1'.repeat(1_001),
      ];
      const { result, closes: kept } = await writeCloses(wrong);
      expect(result.errors.map(({ index, field }) => ({ index, field }))).toEqual(
        wrong.map((_, index) => ({ index, field: 'close' })),
      );
      expect(kept).toEqual([]);
    });

    it('reads decimals and volumes as numbers unless exact is set', async () => {
      const symbol = uniqueName();
      const written = bar(symbol, { timestamp: day, open: '0.1', volume: 9_007_199_254_740_991n });
      await write([written]);
      const { data } = await backend().marketData.find({ symbol });
      expect(data[0]).toMatchObject({ open: 0.1, volume: 9_007_199_254_740_991 });
      expect((await exactly(symbol))[0]).toEqual({
        ...written,
        timestamp: new Date(day),
        open: '0.1',
        high: '102.25',
        low: '99.75',
        close: '101',
        volume: '9007199254740991',
        adjustedClose: '100.9',
        source: 'vendor',
        qualityScore: 90,
      });
    });

    it('reading fails when a number cannot hold the decimal', async () => {
      for (const inexact of [{ volume: '9007199254740993' }, { high: '9999999999.99999999' }]) {
        const symbol = uniqueName();
        await write([bar(symbol, { timestamp: day }), bar(symbol, { timestamp: day + 1, ...inexact })]);
        const { marketData } = backend();
        expect(await summaryOfRejection(() => marketData.find({ symbol }))).toEqual({ code: 'QUERY' });
        expect(await summaryOfRejection(() => marketData.latest(symbol, 1))).toEqual({ code: 'QUERY' });
        expect((await marketData.find({ symbol, limit: 1 })).totalCount).toBe(2);
        expect((await exactly(symbol))[1]).toMatchObject(inexact);
      }
    });

    it('keeps volumes of 38 digits and refuses others', async () => {
      const symbol = uniqueName();
      const top = `${'9'.repeat(30)}.99999999`;
      const volumes = [0, 1n, 0.5, '0.00000001', 2 ** 53, 9_007_199_254_740_993n, 2n ** 64n, top];
      await write(volumes.map((volume, n) => bar(symbol, { timestamp: day + n, volume })));
      expect((await exactly(symbol)).map(({ volume }) => volume)).toEqual(
        volumes.map(String).with(3, '0.00000001'),
      );
      const wrong = [-1, -0.5, 1e30, 10n ** 30n, -1n, '-0.00000001', `1${'0'.repeat(30)}`, NaN, ''];
      const { errors } = await write(wrong.map((volume) => bar(symbol, { volume: untyped(volume) })));
      expect(errors.map(({ field }) => field)).toEqual(wrong.map(() => 'volume'));
    });

    it('keeps quality scores from 0 to 255 and refuses others', async () => {
      const symbol = uniqueName();
      const scores = [0, 255, 256, -1, 1.5].map((qualityScore, n) =>
        bar(symbol, { timestamp: day + n, qualityScore }),
      );
      expect((await write(scores)).errors.map(({ index, field }) => [index, field])).toEqual([
        [2, 'qualityScore'],
        [3, 'qualityScore'],
        [4, 'qualityScore'],
      ]);
      expect((await exactly(symbol)).map(({ qualityScore }) => qualityScore)).toEqual([0, 255]);
    });

    it('refuses symbols that are empty, too long or malformed', async () => {
      const wrong = ['', 'x'.repeat(65), '\ud83d', 'A\n', 'A\u0000', ' A', 'A ', 'A\u200b', 42];
      const { errors } = await write(wrong.map((symbol) => bar(untyped(symbol))));
      expect(errors.map(({ field }) => field)).toEqual(wrong.map(() => 'symbol'));
      expect(await write([bar('日'.repeat(64))])).toMatchObject({ failedCount: 0 });
    });

    it('keeps bars of two sources at one instant separate', async () => {
      const symbol = uniqueName();
      await write([bar(symbol, { timestamp: day, close: 2 })], 'b');
      await write([bar(symbol, { timestamp: day, close: 1 })], 'a');
      expect(await closes(symbol)).toEqual(['1', '2']);
      const { data } = await backend().marketData.find({ symbol, filters: { source: 'b' } });
      expect(data.map(({ source, close }) => [source, close])).toEqual([['b', 2]]);
    });

    it('orders bars by timestamp, then symbol, then source', async () => {
      const start = uniqueDay();
      for (const source of ['z', 'Z', 'é']) {
        await write(
          [1, 0].flatMap((n) => ['b', 'B', 'a'].map((symbol) => bar(symbol, { timestamp: start + n }))),
          source,
        );
      }
      const { data } = await backend().marketData.find({
        startTime: start,
        endTime: start + DAY,
        order: 'time',
      });
      const expected = [0, 1].flatMap((n) =>
        ['B', 'a', 'b'].flatMap((symbol) => ['Z', 'z', 'é'].map((source) => [start + n, symbol, source])),
      );
      expect(data.map(({ timestamp, symbol, source }) => [timestamp.getTime(), symbol, source])).toEqual(
        expected,
      );
    });

    it('latest returns the newest bars first, then by source', async () => {
      const symbol = uniqueName();
      for (const source of ['b', 'a']) {
        await write(
          [0, 1, 2].map((n) => bar(symbol, { timestamp: day + n })),
          source,
        );
      }
      await write([bar(uniqueName(), { timestamp: day + 9 })]);
      const newest = async (limit: number) => {
        const { data, totalCount, cacheHit } = answer(await backend().marketData.latest(symbol, limit));
        expect({ totalCount, cacheHit }).toEqual({ totalCount: data.length, cacheHit: false });
        return data.map(({ timestamp, source }) => [timestamp.getTime() - day, source]);
      };
      const all = [2, 1, 0].flatMap((n) => ['a', 'b'].map((source) => [n, source]));
      for (const limit of [0, 1, 2, 3, 6, 7]) expect(await newest(limit)).toEqual(all.slice(0, limit));
    });

    it('latest returns exact decimals when exact is set', async () => {
      const symbol = uniqueName();
      await write([bar(symbol, { volume: 18_446_744_073_709_551_615n, close: '9999999999.99999999' })]);
      const { data } = await backend().marketData.latest(symbol, 1, { exact: true });
      expect(data[0]).toMatchObject({ volume: '18446744073709551615', close: '9999999999.99999999' });
    });

    it('latest returns nothing for an unknown symbol, refuses invalid arguments', async () => {
      const { marketData } = backend();
      expect(answer(await marketData.latest(uniqueName(), 5))).toEqual({
        data: [],
        totalCount: 0,
        cacheHit: false,
      });
      expect(await summaryOfRejection(() => marketData.latest('', 5))).toEqual({
        code: 'VALIDATION',
        field: 'symbol',
      });
      for (const limit of [-1, 0.5, NaN, untyped<number>('5')]) {
        expect(await summaryOfRejection(() => marketData.latest('A', limit))).toEqual({
          code: 'VALIDATION',
          field: 'limit',
        });
      }
    });
  });
}
