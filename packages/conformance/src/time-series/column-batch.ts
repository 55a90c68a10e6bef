import type { RecordName, TimeSeriesBackend } from '@quantumtrade/dal-domain';
import { summaryOfRejection } from '../failures.js';
import type { TestRunner } from '../runner.js';
import type { BatchFields, LooseRow, RecordCase } from './record-cases.js';
import { incomplete, stored } from './record-cases.js';
import { uniqueDay, uniqueName, untyped } from './subject.js';

const range = (length: number): number[] => [...Array(length).keys()];

const labelsOf = (tested: RecordCase): LooseRow =>
  Object.fromEntries(tested.labels.map(({ field, value }) => [field, value]));

/** Returns rows as columns, with the named fields of the first row as constants. */
function columnsOf(tested: RecordCase, rows: readonly LooseRow[], constantNames: readonly string[]) {
  const isConstant = (name: string) => constantNames.includes(name);
  const names = Object.keys(tested.definition.fields);
  const varying = names.filter((name) => !isConstant(name));
  return {
    columns: Object.fromEntries(varying.map((name) => [name, rows.map((row) => row[name])])),
    constants: Object.fromEntries(names.filter(isConstant).map((name) => [name, rows[0]![name]])),
  };
}

/** Tests columns in place of rows for one record. */
export function columnTests(runner: TestRunner, tested: RecordCase, backend: () => TimeSeriesBackend): void {
  const { it, expect } = runner;
  const { field, before, after } = tested.correction;
  const with_ = (row: LooseRow, value: unknown) => ({ ...row, [field]: value });

  it('accepts columns and constants like rows, with the same errors', async () => {
    const scope = uniqueName();
    const day = uniqueDay();
    const good = range(4).map((n) => ({ ...tested.row(scope, day, n), ...labelsOf(tested) }));
    const rows = good.toSpliced(2, 0, {
      ...incomplete(tested, tested.row(scope, day, 9)),
      ...labelsOf(tested),
    });
    const collector = backend().blocks.collect(tested.definition.name as RecordName);
    const { columns, constants } = columnsOf(tested, rows, [tested.scopeField]);
    expect(collector.append(untyped({ columns, constants, timestamp: day }))).toEqual({
      rowCount: 4,
      roundedCount: 0,
      errors: [{ index: 2, field: tested.required, reason: 'is required' }],
    });
    const steps = collector.appendInSteps(untyped(columnsOf(tested, [with_(good[0]!, after)], [])));
    let last = steps.next();
    while (!last.done) last = steps.next();
    expect(last.value).toEqual({ rowCount: 1, roundedCount: 0, errors: [] });
    for (const block of collector.finish()) await backend().blocks.write(block);
    const expected = [with_(good[0]!, after), ...good.slice(1)];
    expect((await tested.find(backend(), tested.where(scope))).data).toEqual(
      expected.map((row) => stored(tested, row)),
    );
  });

  const nullableFields = Object.keys(tested.definition.fields).filter(
    (name) => tested.definition.fields[name]!.nullable,
  );
  if (nullableFields.length > 0) {
    it('stores null for a nullable field that is neither column nor constant', async () => {
      const scope = uniqueName();
      const day = uniqueDay();
      const rows = range(2).map((n) => ({ ...tested.row(scope, day, n), ...labelsOf(tested) }));
      const { columns } = columnsOf(tested, rows, []);
      for (const name of nullableFields) delete columns[name];
      const collector = backend().blocks.collect(tested.definition.name as RecordName);
      expect(collector.append(untyped({ columns }))).toMatchObject({ rowCount: 2, errors: [] });
      for (const block of collector.finish()) await backend().blocks.write(block);
      const nulls = Object.fromEntries(nullableFields.map((name) => [name, null]));
      expect((await tested.find(backend(), tested.where(scope))).data).toEqual(
        rows.map((row) => stored(tested, { ...row, ...nulls })),
      );
    });
  }

  it('refuses columns that do not form rows', async () => {
    const row = { ...tested.row(uniqueName(), uniqueDay()), ...labelsOf(tested) };
    const { columns } = columnsOf(tested, [row], []);
    const collector = backend().blocks.collect(tested.definition.name as RecordName);
    const wrong: readonly [BatchFields, string][] = [
      [{ columns: { ...columns, [tested.required]: undefined } }, tested.required],
      [{ columns: { ...columns, [field]: 5 } }, field],
      [{ columns: { ...columns, [field]: [before, before] } }, field],
      [{ columns: { ...columns, noSuchField: [1] } }, 'noSuchField'],
      [{ columns: { ...columns, writtenAt: [1] } }, 'writtenAt'],
      [{ columns, constants: { [field]: before } }, field],
      [{ columns, constants: { noSuchField: 1 } }, 'noSuchField'],
      [{ columns, timestamp: 'now' }, 'timestamp'],
    ];
    for (const [batch, name] of wrong) {
      expect(await summaryOfRejection(async () => collector.append(untyped(batch)))).toEqual({
        code: 'VALIDATION',
        field: name,
      });
    }
    expect(collector.finish()).toEqual([]);
  });
}

/** Tests columns given as typed arrays and dictionaries. */
export function typedColumnTests(runner: TestRunner, backend: () => TimeSeriesBackend): void {
  const { it, expect } = runner;

  it('accepts typed arrays and dictionaries as columns', async () => {
    const [first, second] = [uniqueName(), uniqueName()];
    const day = uniqueDay();
    const collector = backend().blocks.collect('marketData');
    const price = Float64Array.of(1.5, 2.25, 1e10, 3);
    const { rowCount, errors } = collector.append({
      columns: {
        symbol: { dictionary: [second, first, ' '], positions: Uint8Array.of(1, 0, 1, 2) },
        timestamp: BigInt64Array.of(...range(4).map((n) => BigInt(day + n))),
        open: BigInt64Array.of(150_000_001n, -1n, 0n, 1n),
        high: price,
        low: [1, '2.00000001', 3, 4],
        close: price,
        volume: BigUint64Array.of(1n, 2n ** 64n - 1n, 3n, 4n),
        adjustedClose: new Float32Array(4),
        qualityScore: Uint8Array.of(1, 2, 3, 4),
      },
      constants: { source: 'vendor' },
    });
    expect(rowCount).toBe(2);
    expect(errors.map(({ index, field }) => [index, field])).toEqual([
      [2, 'high'],
      [3, 'symbol'],
    ]);
    const blocks = collector.finish();
    expect(blocks.map(({ symbols }) => [...symbols].sort())).toEqual([[first, second].sort()]);
    for (const block of blocks) await backend().blocks.write(block);
    const read = async (symbol: string) =>
      (await backend().marketData.find({ symbol }, { exact: true })).data;
    const common = { source: 'vendor', adjustedClose: '0' };
    expect(await read(first)).toMatchObject([
      {
        ...common,
        symbol: first,
        timestamp: new Date(day),
        open: '1.50000001',
        high: '1.5',
        low: '1',
        close: '1.5',
        volume: '1',
        qualityScore: 1,
      },
    ]);
    expect(await read(second)).toMatchObject([
      { ...common, open: '-0.00000001', low: '2.00000001', volume: '18446744073709551615', qualityScore: 2 },
    ]);
  });
}
