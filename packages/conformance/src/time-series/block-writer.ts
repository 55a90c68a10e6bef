import type { BlockCollector, EncodedBlock, RecordName, TimeSeriesBackend } from '@quantumtrade/dal-domain';
import { summaryOfRejection } from '../failures.js';
import type { TestRunner } from '../runner.js';
import { collectorTests } from './block-collectors.js';
import { collectorOf, range } from './block-samples.js';
import { writeTests } from './block-writing.js';
import { columnTests, typedColumnTests } from './column-batch.js';
import type { BatchFields, LooseRow, RecordCase } from './record-cases.js';
import { batchOfRows, incomplete, recordCases, stored } from './record-cases.js';
import type { OpenTimeSeries } from './subject.js';
import { DAY, describeSubject, uniqueDay, uniqueName, untyped } from './subject.js';
import { spoil } from './writing.js';

const MONTH = 31 * DAY;

/** Tests `BlockWriter` and its collectors. */
export function blockWriterSuite(runner: TestRunner, open: OpenTimeSeries): void {
  describeSubject(runner, open, 'blocks', (backend) => {
    for (const tested of recordCases) {
      runner.describe(`of ${tested.definition.name}`, () => {
        recordTests(runner, tested, backend);
        columnTests(runner, tested, backend);
      });
    }
    featureTests(runner, backend);
    typedColumnTests(runner, backend);
    collectorTests(runner, backend);
    writeTests(runner, backend);
  });
}

/** Tests the blocks of one record. */
function recordTests(runner: TestRunner, tested: RecordCase, backend: () => TimeSeriesBackend): void {
  const { it, expect } = runner;
  const { field, before, after } = tested.correction;
  const with_ = (row: LooseRow, value: unknown) => ({ ...row, [field]: value });
  const append = (collector: BlockCollector<RecordName>, rows: readonly unknown[], more: BatchFields = {}) =>
    collector.append(untyped(batchOfRows(tested, rows, more)));
  const read = async (scope: string) => (await tested.find(backend(), tested.where(scope))).data;
  const writeAll = async (blocks: readonly EncodedBlock[]) => {
    for (const block of blocks) await backend().blocks.write(block);
  };

  it('collects valid rows and reports others by position', async () => {
    const scope = uniqueName();
    const day = uniqueDay();
    const good = range(3).map((n) => tested.row(scope, day, n));
    const collector = collectorOf(backend(), tested);
    expect(append(collector, [good[0]])).toEqual({ rowCount: 1, roundedCount: 0, errors: [] });
    const { rowCount, errors } = append(collector, [good[1], incomplete(tested, good[1]!), null, good[2]]);
    expect(rowCount).toBe(2);
    expect(errors).toMatchObject([{ index: 1, field: tested.required, reason: 'is required' }, { index: 2 }]);
    expect(collector.rowCount).toBe(3);
    await writeAll(collector.finish());
    expect(await read(scope)).toEqual(good.map((row) => stored(tested, row)));
  });

  it('collects nothing of a wrong batch and continues', async () => {
    const scope = uniqueName();
    const row = tested.row(scope, uniqueDay());
    const collector = collectorOf(backend(), tested);
    append(collector, [row]);
    for (const more of [{ timestamp: 'now' }, { timestamp: 0.5 }, { [tested.list]: 'rows' }]) {
      const [member] = Object.keys(more) as [string];
      expect(await summaryOfRejection(async () => append(collector, [row, row], more))).toEqual({
        code: 'VALIDATION',
        field: member,
      });
    }
    for (const { member } of tested.labels) {
      expect(await summaryOfRejection(async () => append(collector, [row], { [member]: '' }))).toEqual({
        code: 'VALIDATION',
        field: member,
      });
    }
    expect(collector.rowCount).toBe(1);
    const blocks = collector.finish();
    expect(blocks.map(({ batches }) => batches)).toEqual([[0]]);
    await writeAll(blocks);
    expect(await read(scope)).toEqual([stored(tested, row)]);
  });

  it('makes one block a month with the positions of its batches', async () => {
    const scope = uniqueName();
    const start = Date.UTC(2010, 0, 15);
    const rowOf = (month: number, n: number) => tested.row(scope, start + month * MONTH, n);
    const collector = collectorOf(backend(), tested);
    append(collector, [rowOf(0, 0), rowOf(2, 1)]);
    append(collector, []);
    append(collector, [rowOf(2, 2), incomplete(tested, rowOf(0, 3))]);
    append(collector, [rowOf(0, 4), rowOf(2, 5)]);
    const blocks = collector.finish();
    expect(blocks.map(({ record }) => record)).toEqual(blocks.map(() => tested.definition.name));
    const symbols = 'symbol' in tested.definition.fields ? [rowOf(0, 0)['symbol']] : [];
    expect(blocks.map((block) => block.symbols)).toEqual([symbols, symbols]);
    const shapes = blocks.map(({ rowCount, batches }) => ({ rowCount, batches }));
    expect(shapes.sort((a, b) => a.rowCount - b.rowCount)).toEqual([
      { rowCount: 2, batches: [0, 3] },
      { rowCount: 3, batches: [0, 2, 3] },
    ]);
    expect(new Set(blocks.map(({ id }) => id)).size).toBe(2);
    await writeAll(blocks.reverse());
    const rows = [rowOf(0, 0), rowOf(0, 4), rowOf(2, 1), rowOf(2, 2), rowOf(2, 5)];
    expect(await read(scope)).toEqual(rows.map((row) => stored(tested, row)));
  });

  it('keeps the later of two rows with one key', async () => {
    const scope = uniqueName();
    const day = uniqueDay();
    const rows = range(4).map((n) => tested.row(scope, day, n));
    const collector = collectorOf(backend(), tested);
    append(collector, [with_(rows[0]!, before), with_(rows[0]!, after), with_(rows[1]!, before)], {
      timestamp: day,
    });
    append(collector, [with_(rows[1]!, after), with_(rows[2]!, after)], { timestamp: day });
    append(collector, [with_(rows[2]!, before), with_(rows[3]!, before)], { timestamp: day - 1 });
    append(collector, [with_(rows[3]!, after)], { timestamp: new Date(day) });
    await writeAll(collector.finish());
    expect(await read(scope)).toEqual(rows.map((row) => stored(tested, with_(row, after))));
  });

  it('stores the given rows when the batch changes afterwards', async () => {
    const scope = uniqueName();
    const day = uniqueDay();
    const row: Record<string, unknown> = { ...tested.row(scope, day), timestamp: new Date(day) };
    const collector = collectorOf(backend(), tested);
    append(collector, [row]);
    spoil(row);
    await writeAll(collector.finish());
    expect(await read(scope)).toEqual([stored(tested, tested.row(scope, day))]);
  });
}

function featureTests(runner: TestRunner, backend: () => TimeSeriesBackend): void {
  const { it, expect } = runner;

  it('collects feature sets and reports errors by set position', async () => {
    const symbol = uniqueName();
    const timestamp = uniqueDay();
    const collector = backend().blocks.collect('features');
    const set = { symbol, timestamp, version: 1 };
    const { rowCount, errors } = collector.append([
      { ...set, features: { a: 1, b: 2 }, metadata: { unit: 'x' }, calculationTimeMs: 3 },
      { ...set, features: { c: NaN, d: 4 } },
      untyped(null),
    ]);
    expect(rowCount).toBe(3);
    expect(errors.map(({ index, field }) => [index, field])).toEqual([
      [1, 'features.c'],
      [2, 'features'],
    ]);
    expect(await summaryOfRejection(async () => collector.append(untyped('sets')))).toEqual({
      code: 'VALIDATION',
      field: 'batches',
    });
    const [block, ...others] = collector.finish();
    expect(others).toEqual([]);
    expect(block).toMatchObject({ record: 'features', rowCount: 3, batches: [0], symbols: [symbol] });
    await backend().blocks.write(block!);
    expect(await backend().features.latest(symbol)).toMatchObject({
      features: { a: 1, b: 2, d: 4 },
      calculationTimeMs: 3,
    });
  });
}
