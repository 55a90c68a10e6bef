import type { RecordName, TimeSeriesBackend } from '@quantumtrade/dal-domain';
import { summaryOfRejection } from '../failures.js';
import type { TestRunner } from '../runner.js';
import { collect } from './method-cases.js';
import { rowsFromColumns, readsOf } from './read-methods.js';
import type { LooseRow, RecordCase } from './record-cases.js';
import { batchOfRows, stored } from './record-cases.js';
import { uniqueDay, uniqueName } from './subject.js';

/** Tests which rows and fields are read of one record. */
export function selectingTests(
  runner: TestRunner,
  tested: RecordCase,
  backend: () => TimeSeriesBackend,
): void {
  const { it, expect } = runner;
  const { definition } = tested;
  const reads = () => readsOf(backend(), definition.name as RecordName);
  const names = Object.keys(definition.fields);
  const write = (rows: readonly LooseRow[]) => tested.insert(backend(), batchOfRows(tested, rows));
  const projected = (rows: readonly LooseRow[], select: readonly string[]) =>
    rows.map((row) => Object.fromEntries(select.map((name) => [name, row[name]])));

  it('select returns the selected fields in the order of the record', async () => {
    const scope = uniqueName();
    const day = uniqueDay();
    const rows = [0, 1, 2].map((n) => tested.row(scope, day, n));
    await write(rows);
    const full = rows.map((row) => stored(tested, row));
    const where = tested.where(scope);
    const selections = [...names.map((name) => [name]), names.slice(1, 3).reverse(), names];
    for (const select of selections) {
      const inDefinedOrder = names.filter((name) => select.includes(name));
      const expected = projected(full, inDefinedOrder);
      const page = await reads().find({ ...where, select });
      expect(page.data).toEqual(expected);
      expect(page.data.map((row) => Object.keys(row))).toEqual(full.map(() => inDefinedOrder));
      expect((await collect(reads().stream({ ...where, select }))).flat()).toEqual(expected);
      const columns = await reads().columns({ ...where, select });
      expect(Object.keys(columns.columns)).toEqual(inDefinedOrder);
      expect(rowsFromColumns(columns, definition)).toEqual(expected);
    }
  });

  it('select refuses fields that the record does not have', async () => {
    const failureOf = (select: unknown) =>
      Promise.all([
        summaryOfRejection(() => reads().find({ select })),
        summaryOfRejection(() => collect(reads().stream({ select }))),
        summaryOfRejection(() => reads().columns({ select })),
      ]);
    const refused = { code: 'VALIDATION', field: 'select' };
    for (const select of [[], ['nope'], [names[0], 'constructor'], 'symbol', [7], { 0: names[0] }]) {
      expect(await failureOf(select)).toEqual([refused, refused, refused]);
    }
  });

  if (definition.batch.form !== 'sets') {
    it('instants are epoch milliseconds where numbers are asked for', async () => {
      const scope = uniqueName();
      const day = uniqueDay();
      const rows = [0, 1].map((n) => tested.row(scope, day, n));
      await write(rows);
      const params = { ...tested.where(scope), instants: 'number' };
      const expected = rows.map((row) =>
        Object.fromEntries(
          Object.entries(stored(tested, row)).map(([name, value]) => [
            name,
            value instanceof Date ? value.getTime() : value,
          ]),
        ),
      );
      expect((await reads().find(params)).data).toEqual(expected);
      expect((await collect(reads().stream(params))).flat()).toEqual(expected);
      const failed = [
        summaryOfRejection(() => reads().columns(params)),
        summaryOfRejection(() => collect(reads().streamColumns(params))),
        summaryOfRejection(() => reads().find({ ...params, instants: 'bigint' })),
      ];
      const refused = { code: 'VALIDATION', field: 'instants' };
      expect(await Promise.all(failed)).toEqual([refused, refused, refused]);
    });
  }

  if (tested.scopeField !== 'symbol') return;

  it('symbols selects the rows of each of them', async () => {
    const day = uniqueDay();
    const symbols = ['b', "a'", 'é', 'c'].map((prefix) => uniqueName(prefix));
    await write(symbols.map((symbol) => tested.row(symbol, day)));
    const found = async (given: readonly string[]) => {
      const { data, totalCount } = await reads().find({ symbols: given, order: 'key' });
      expect(totalCount).toBe(data.length);
      return data.map(({ symbol }) => symbol).sort();
    };
    const [b, a, e, c] = symbols as [string, string, string, string];
    expect(await found([b, a])).toEqual([a, b].sort());
    expect(await found([e, e, c, uniqueName()])).toEqual([c, e].sort());
    expect(await found([a])).toEqual([a]);
    expect(await found([])).toEqual([]);
    expect(await collect(reads().stream({ symbols: [] }))).toEqual([]);
    expect((await reads().columns({ symbols: [] })).rowCount).toBe(0);
    expect((await reads().columns({ symbols: [b, c] })).rowCount).toBe(2);
  });

  it('symbols refuses wrong values and a symbol beside it', async () => {
    const failureOf = (params: object) => summaryOfRejection(() => reads().find(params));
    const refused = (field: string) => ({ code: 'VALIDATION', field });
    expect(await failureOf({ symbols: ['A'], symbol: 'A' })).toEqual(refused('symbols'));
    expect(await failureOf({ symbols: 'A' })).toEqual(refused('symbols'));
    expect(await failureOf({ symbols: ['A', ''] })).toEqual(refused('symbols.1'));
    expect(await failureOf({ symbols: [null] })).toEqual(refused('symbols.0'));
  });
}
