import type {
  BlockCollector,
  CollectedBlock,
  EncodedBlock,
  RecordName,
  TimeSeriesBackend,
} from '@quantumtrade/dal-domain';
import { summaryOfRejection, rejectionOf } from '../failures.js';
import type { TestRunner } from '../runner.js';
import { columnTests, typedColumnTests } from './column-batch.js';
import type { BatchFields, LooseRow, RecordCase } from './record-cases.js';
import { batchOfRows, stored, caseOf, recordCases } from './record-cases.js';
import type { OpenTimeSeries } from './subject.js';
import { DAY, describeSubject, uniqueDay, uniqueName, untyped } from './subject.js';
import { spoil } from './writing.js';

const marketDataCase = caseOf('marketData');

const MONTH = 31 * DAY;

const range = (length: number): number[] => [...Array(length).keys()];

const collect = (backend: TimeSeriesBackend, tested: RecordCase): BlockCollector<RecordName> =>
  backend.blocks.collect(tested.definition.name as RecordName);

/** What `BlockWriter` promises, and its collectors. */
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

/** What holds for the blocks of every record. */
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

  it('takes the good rows of a batch and reports the bad ones by their position in it', async () => {
    const scope = uniqueName();
    const day = uniqueDay();
    const good = range(3).map((n) => tested.row(scope, day, n));
    const collector = collect(backend(), tested);
    expect(append(collector, [good[0]])).toEqual({ rowCount: 1, roundedCount: 0, errors: [] });
    const { rowCount, errors } = append(collector, [good[1], with_(good[1]!, undefined), null, good[2]]);
    expect(rowCount).toBe(2);
    expect(errors).toMatchObject([{ index: 1, field, reason: 'is required' }, { index: 2 }]);
    expect(collector.rowCount).toBe(3);
    await writeAll(collector.finish());
    expect(await read(scope)).toEqual(good.map((row) => stored(tested, row)));
  });

  it('takes nothing of a batch that is wrong itself, and goes on', async () => {
    const scope = uniqueName();
    const row = tested.row(scope, uniqueDay());
    const collector = collect(backend(), tested);
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

  it('makes blocks of one month each and tells which batches have rows in them', async () => {
    const scope = uniqueName();
    const start = Date.UTC(2010, 0, 15);
    const rowOf = (month: number, n: number) => tested.row(scope, start + month * MONTH, n);
    const collector = collect(backend(), tested);
    append(collector, [rowOf(0, 0), rowOf(2, 1)]);
    append(collector, []);
    append(collector, [rowOf(2, 2), with_(rowOf(0, 3), undefined)]);
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

  it('keeps the later of two rows with one key, of one batch or of two, but of two times of writing the later', async () => {
    const scope = uniqueName();
    const day = uniqueDay();
    const rows = range(4).map((n) => tested.row(scope, day, n));
    const collector = collect(backend(), tested);
    append(collector, [with_(rows[0]!, before), with_(rows[0]!, after), with_(rows[1]!, before)], {
      timestamp: day,
    });
    append(collector, [with_(rows[1]!, after), with_(rows[2]!, after)], { timestamp: day });
    append(collector, [with_(rows[2]!, before), with_(rows[3]!, before)], { timestamp: day - 1 });
    append(collector, [with_(rows[3]!, after)], { timestamp: new Date(day) });
    await writeAll(collector.finish());
    expect(await read(scope)).toEqual(rows.map((row) => stored(tested, with_(row, after))));
  });

  it('does not follow what happens to a batch once it was taken', async () => {
    const scope = uniqueName();
    const day = uniqueDay();
    const row: Record<string, unknown> = { ...tested.row(scope, day), timestamp: new Date(day) };
    const collector = collect(backend(), tested);
    append(collector, [row]);
    spoil(row);
    await writeAll(collector.finish());
    expect(await read(scope)).toEqual([stored(tested, tested.row(scope, day))]);
  });
}

function featureTests(runner: TestRunner, backend: () => TimeSeriesBackend): void {
  const { it, expect } = runner;

  it('of features take sets, and report errors by the position of the set', async () => {
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

const bars = (symbol: string, day: number, count: number, close = 1): LooseRow[] =>
  range(count).map((n) => ({ ...marketDataCase.row(symbol, day, n), close }));

function collectorTests(runner: TestRunner, backend: () => TimeSeriesBackend): void {
  const { it, expect } = runner;

  it('are none when nothing was collected, or nothing good', async () => {
    const collector = collect(backend(), marketDataCase);
    expect(collector.finish()).toEqual([]);
    collector.append(untyped(batchOfRows(marketDataCase, [null, {}])));
    collector.append(untyped(batchOfRows(marketDataCase, [])));
    expect(collector.rowCount).toBe(0);
    expect(collector.finish()).toEqual([]);
  });

  it('grow with what is collected, and the collector begins anew with the next', async () => {
    const day = uniqueDay();
    const collector = collect(backend(), marketDataCase);
    const append = (rows: readonly LooseRow[]) =>
      collector.append(untyped(batchOfRows(marketDataCase, rows)));
    const empty = collector.byteLength;
    for (const round of [1, 2, 3]) {
      const symbol = uniqueName();
      append(bars(symbol, day, 10));
      const small = collector.byteLength;
      expect(small).toBeGreaterThan(empty);
      append(bars(symbol, day + DAY, 100 * round));
      expect(collector.byteLength).toBeGreaterThan(small);
      const blocks: CollectedBlock[] = collector.finish();
      expect(blocks.reduce((sum, { rowCount }) => sum + rowCount, 0)).toBe(10 + 100 * round);
      expect(Math.min(...blocks.flatMap(({ batches }) => batches))).toBe(0);
      expect(collector.rowCount).toBe(0);
      for (const block of blocks) await backend().blocks.write(block);
      expect((await backend().marketData.find({ symbol, limit: 0 })).totalCount).toBe(10 + 100 * round);
    }
  });

  it('may give their memory back once they are stored, and others are made in it', async () => {
    const symbols = range(6).map(() => uniqueName());
    const day = uniqueDay();
    const collector = collect(backend(), marketDataCase);
    const made = symbols.map((symbol, n) => async () => {
      collector.append(untyped(batchOfRows(marketDataCase, bars(symbol, day, 1_500, n))));
      const [block] = collector.finish();
      await backend().blocks.write(block!);
      return block!;
    });
    for (const make of made.slice(0, 3)) (await make()).release();
    const kept = await made[3]!();
    for (const make of made.slice(4)) {
      const { release } = await make();
      release();
      release();
    }
    await backend().blocks.write(kept);
    for (const [n, symbol] of symbols.entries()) {
      const { data, totalCount } = await backend().marketData.find({ symbol, limit: 1_500 });
      expect(totalCount).toBe(1_500);
      expect(new Set(data.map(({ close }) => close))).toEqual(new Set([n]));
    }
  });

  it('are not touched by what their collector collects next', async () => {
    const [first, second] = [uniqueName(), uniqueName()];
    const collector = collect(backend(), marketDataCase);
    collector.append(untyped(batchOfRows(marketDataCase, bars(first, uniqueDay(), 500))));
    const blocks = collector.finish();
    collector.append(untyped(batchOfRows(marketDataCase, bars(second, uniqueDay(), 500))));
    collector.finish();
    for (const block of blocks) await backend().blocks.write(block);
    expect((await backend().marketData.find({ symbol: first, limit: 0 })).totalCount).toBe(500);
    expect((await backend().marketData.find({ symbol: second, limit: 0 })).totalCount).toBe(0);
  });
}

function writeTests(runner: TestRunner, backend: () => TimeSeriesBackend): void {
  const { it, expect } = runner;
  const day = uniqueDay();
  const blockOf = (symbol: string, close: number, count = 1, time = day): EncodedBlock => {
    const collector = collect(backend(), marketDataCase);
    const rows = bars(symbol, time, count, close);
    collector.append(untyped(batchOfRows(marketDataCase, rows, { timestamp: day })));
    return collector.finish()[0]!;
  };
  const write = (block: EncodedBlock) => backend().blocks.write(block);
  const closes = async (symbol: string) =>
    (await backend().marketData.find({ symbol })).data.map(({ close }) => close);

  it('are stored once, so that writing one again does not undo a later write of its rows', async () => {
    const symbol = uniqueName();
    const original = blockOf(symbol, 1, 2);
    await write(original);
    await write(original);
    await write(blockOf(symbol, 2, 2));
    for (let times = 0; times < 3; times++) await write(original);
    expect(await closes(symbol)).toEqual([2, 2]);
  });

  it('are stored once, however often they are written at the same time', async () => {
    const symbol = uniqueName();
    const original = blockOf(symbol, 1, 2);
    await Promise.all(range(10).map(() => write(original)));
    await write(blockOf(symbol, 2, 2));
    await Promise.all(range(10).map(() => write(original)));
    expect(await closes(symbol)).toEqual([2, 2]);
  });

  it('are two writes when they are two blocks, whatever is in them', async () => {
    const symbol = uniqueName();
    for (const close of [1, 2, 1]) await write(blockOf(symbol, close));
    expect(await closes(symbol)).toEqual([1]);
  });

  it('may be kept as bytes and written by another caller, in any order', async () => {
    const symbol = uniqueName();
    const kept = [3, 0, 2, 1].map((n) => {
      const { record, id, rowCount, bytes } = blockOf(symbol, n, 1, day + n);
      const surrounded = new Uint8Array(bytes.length + 7);
      surrounded.set(bytes, 3);
      return { record, id, rowCount, bytes: surrounded.subarray(3, 3 + bytes.length) };
    });
    for (const block of kept) await write(block);
    expect(await closes(symbol)).toEqual([0, 1, 2, 3]);
  });

  it('are stored once also when their first write was given up under way', async () => {
    for (const patience of [0, 1, 5, 20]) {
      const symbol = uniqueName();
      const block = blockOf(symbol, 1, 1_000);
      const given = new AbortController();
      const first = backend().blocks.write(block, { signal: given.signal });
      const settled = first.then(
        () => 'stored',
        (error: unknown) => error,
      );
      await new Promise((resolve) => setTimeout(resolve, patience));
      given.abort('given up');
      expect(['stored', 'given up'].includes((await settled) as string)).toBe(true);
      await write(block);
      expect((await backend().marketData.find({ symbol, limit: 0 })).totalCount).toBe(1_000);
    }
  });

  it('that no store has made are refused for good', async () => {
    const symbol = uniqueName();
    const good = blockOf(symbol, 1, 50);
    const cut = good.bytes.subarray(0, good.bytes.length / 2);
    const wrong: EncodedBlock[] = [
      { ...good, record: untyped('noSuchRecord') },
      { ...good, record: untyped('constructor') },
      { ...good, bytes: new Uint8Array() },
      { ...good, bytes: cut },
      { ...good, bytes: Uint8Array.from({ length: 500 }, (_, i) => (i * 151 + 17) % 256) },
      { ...good, bytes: Uint8Array.from({ length: 500 }, () => 255) },
      { ...good, rowCount: 49 },
    ];
    for (const block of wrong) {
      expect((await rejectionOf(() => write(block))).retryable).toBe(false);
    }
    expect(await closes(symbol)).toEqual([]);
    await write(good);
    expect(await closes(symbol)).toHaveLength(50);
  });

  it('are not written when the call is over before it began', async () => {
    const symbol = uniqueName();
    const block = blockOf(symbol, 1);
    const reason = new Error('no longer wanted');
    const aborted = backend().blocks.write(block, { signal: AbortSignal.abort(reason) });
    expect(await aborted.catch((error: unknown) => error)).toBe(reason);
    expect(
      await summaryOfRejection(() => backend().blocks.write(block, { deadline: Date.now() - 1 })),
    ).toEqual({
      code: 'TIMEOUT',
    });
    expect(await closes(symbol)).toEqual([]);
  });
}
