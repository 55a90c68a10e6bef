import type { MarketDataBatch, MarketDataInput, TimeSeriesBackend } from '@quantumtrade/dal-domain';
import { summaryOfRejection } from '../failures.js';
import type { TestRunner } from '../runner.js';
import { batchOfRows, caseOf } from './record-cases.js';
import { uniqueDay, uniqueName, untyped } from './subject.js';

const marketDataCase = caseOf('marketData');
const sentimentCase = caseOf('sentiment');

/** Tests decimals: no value becomes 0, rounding happens only when the batch allows it and is counted. */
export function decimalTests(runner: TestRunner, backend: () => TimeSeriesBackend): void {
  const { it, expect } = runner;
  const day = uniqueDay();
  const bar = (symbol: string, n: number, more: Partial<MarketDataInput>) =>
    ({ ...marketDataCase.row(symbol, day, n), ...more }) as MarketDataInput;
  const write = (records: readonly MarketDataInput[], more: Partial<MarketDataBatch> = {}) =>
    backend().marketData.insert({ records, source: 'vendor', ...more });
  const read = async (symbol: string) => (await backend().marketData.find({ symbol }, { exact: true })).data;

  it('refuses nonzero decimals smaller than one unit', async () => {
    const symbol = uniqueName();
    const small = [4e-9, 9.4e-9, 5e-324, -4e-9, '0.000000004', '-0.0000000094'];
    for (const rounding of [undefined, 'half-even'] as const) {
      const { insertedCount, errors } = await write(
        small.map((close, n) => bar(symbol, n, { close })),
        { rounding },
      );
      expect(insertedCount).toBe(0);
      expect(errors).toEqual(
        small.map((_, index) => ({
          index,
          field: 'close',
          reason: 'must be 0, or at least 0.00000001 in magnitude',
        })),
      );
    }
    expect(await write([bar(symbol, 0, { close: 1e-8, volume: 1e-8 })])).toMatchObject({ insertedCount: 1 });
    expect(await read(symbol)).toMatchObject([{ close: '0.00000001', volume: '0.00000001' }]);
  });

  it('refuses strings with more than 8 decimal places', async () => {
    const symbol = uniqueName();
    const { failedCount, roundedCount } = await write([bar(symbol, 0, { close: '1.123456789' })]);
    expect([failedCount, roundedCount]).toEqual([1, 0]);
  });

  it('rounds long decimal strings when the batch allows it', async () => {
    const symbol = uniqueName();
    const rows = [
      bar(symbol, 0, { open: '1.000000005', close: '1.000000015', volume: '12.3456789012' }),
      bar(symbol, 1, { open: '1.00000001', close: '1.000000010' }),
      bar(symbol, 2, { close: '9999999999.999999995' }),
      bar(symbol, 3, { close: '1.000000005', high: NaN }),
      bar(symbol, 4, { close: '-0.123456785000000001' }),
    ];
    const { insertedCount, roundedCount, errors } = await write(rows, { rounding: 'half-even' });
    expect([insertedCount, roundedCount]).toEqual([3, 2]);
    expect(errors.map(({ index, field }) => [index, field])).toEqual([
      [2, 'close'],
      [3, 'high'],
    ]);
    expect(await read(symbol)).toMatchObject([
      { open: '1', close: '1.00000002', volume: '12.3456789' },
      { open: '1.00000001', close: '1.00000001' },
      { close: '-0.12345679' },
    ]);
  });

  it('rounds columns and constants when the batch allows it', async () => {
    const symbol = uniqueName();
    const collector = backend().blocks.collect('marketData');
    const columns = {
      timestamp: [day, day + 1, day + 2],
      close: ['1.000000015', 'x', '2'],
    };
    const { timestamp: _, close: __, ...constants } = { ...bar(symbol, 0, {}), source: 'vendor' };
    const append = (open: string) =>
      collector.append({ columns, constants: { ...constants, open }, rounding: 'half-even' });
    expect(append('1.5')).toMatchObject({ rowCount: 2, roundedCount: 1, errors: [{ index: 1 }] });
    expect(append('1.123456789')).toMatchObject({ rowCount: 2, roundedCount: 2, errors: [{ index: 1 }] });
    expect(append('1.5')).toMatchObject({ roundedCount: 1 });
  });

  it('refuses an unknown rounding and one without decimals', async () => {
    const rounding = 'up';
    const row = bar(uniqueName(), 0, {});
    const wrong = [
      () => write([row], untyped({ rounding })),
      () => write([], untyped({ rounding: null })),
      async () =>
        backend()
          .blocks.collect('marketData')
          .append(untyped({ records: [row], source: 'v', rounding })),
      async () =>
        backend()
          .blocks.collect('marketData')
          .append(untyped({ columns: {}, constants: { ...row, source: 'v' }, rounding })),
      () => sentimentCase.insert(backend(), batchOfRows(sentimentCase, [], { rounding: 'half-even' })),
    ];
    for (const insert of wrong) {
      expect(await summaryOfRejection(insert)).toEqual({ code: 'VALIDATION', field: 'rounding' });
    }
  });
}
