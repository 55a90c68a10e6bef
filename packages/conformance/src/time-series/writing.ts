import type { TimeSeriesBackend } from '@quantumtrade/dal-domain';
import { summaryOfRejection } from '../failures.js';
import type { TestRunner } from '../runner.js';
import type { LooseRow, RecordCase } from './record-cases.js';
import { batchOfRows, stored } from './record-cases.js';
import { DAY, uniqueDay, uniqueName } from './subject.js';

const range = (length: number): number[] => [...Array(length).keys()];

/** What `insert` promises of every record. */
export function writingTests(runner: TestRunner, tested: RecordCase, backend: () => TimeSeriesBackend): void {
  const { it, expect } = runner;
  const { field, before, after } = tested.correction;
  const insert = (rows: readonly unknown[], more = {}) =>
    tested.insert(backend(), batchOfRows(tested, rows, more));
  const read = async (scope: string) => (await tested.find(backend(), tested.where(scope))).data;
  const with_ = (row: LooseRow, value: unknown) => ({ ...row, [field]: value });

  it('writes the good rows of a batch and reports each bad one by index, field and reason', async () => {
    const scope = uniqueName();
    const day = uniqueDay();
    const bad = [0, 500, 999];
    const rows = range(1_000).map((n) =>
      bad.includes(n) ? with_(tested.row(scope, day, n), undefined) : tested.row(scope, day, n),
    );
    const result = await insert(rows);
    expect(result).toMatchObject({
      insertedCount: 997,
      updatedCount: 0,
      failedCount: 3,
      errors: bad.map((index) => ({ index, field, reason: 'is required' })),
    });
    expect(result.executionTimeMs).toBeGreaterThanOrEqual(0);
    expect((await tested.find(backend(), { ...tested.where(scope), limit: 0 })).totalCount).toBe(997);
  });

  it('names the field of every row that lacks one, also when no row is left to write', async () => {
    const row = tested.row(uniqueName(), uniqueDay());
    const { fields } = tested.definition;
    const required = Object.keys(row).filter((name) => name !== 'id' && !fields[name]!.nullable);
    const { insertedCount, errors } = await insert(required.map((name) => ({ ...row, [name]: null })));
    expect(insertedCount).toBe(0);
    expect(errors.map(({ index, field: name }) => ({ index, name }))).toEqual(
      required.map((name, index) => ({ index, name })),
    );
  });

  it('refuses what is no record at all', async () => {
    const { failedCount, errors } = await insert([null, 42, 'row', undefined]);
    expect(failedCount).toBe(4);
    expect(errors.map(({ index }) => index)).toEqual([0, 1, 2, 3]);
  });

  it('refuses instants outside the years 1900 to 2299, fractions of milliseconds and invalid dates', async () => {
    const wrong = [Date.UTC(1899, 11, 31), Date.UTC(2300, 0, 1), 0.5, Infinity, new Date(NaN), '2024-01-01'];
    const rows = wrong.map((timestamp) => ({ ...tested.row(uniqueName(), 0), timestamp }));
    const { insertedCount, errors } = await insert(rows);
    expect(insertedCount).toBe(0);
    expect(errors.map((error) => error.field)).toEqual(wrong.map(() => 'timestamp'));
  });

  it('takes an empty batch', async () => {
    expect(await insert([])).toMatchObject({ insertedCount: 0, updatedCount: 0, failedCount: 0, errors: [] });
  });

  it('refuses a batch without a list of rows, naming the member', async () => {
    const insertList = (list: unknown) => summaryOfRejection(() => insert([], { [tested.list]: list }));
    expect(await insertList(undefined)).toEqual({ code: 'VALIDATION', field: tested.list });
    expect(await insertList('rows')).toEqual({ code: 'VALIDATION', field: tested.list });
  });

  it('refuses a batch whose time or labels are wrong, naming the member, and writes none of its rows', async () => {
    const scope = uniqueName();
    const rows = [tested.row(scope, uniqueDay())];
    for (const timestamp of [new Date(NaN), 1.5, Date.UTC(1899, 0, 1), 'now']) {
      expect(await summaryOfRejection(() => insert(rows, { timestamp }))).toEqual({
        code: 'VALIDATION',
        field: 'timestamp',
      });
    }
    for (const { member } of tested.labels) {
      for (const label of ['', undefined, 7, 'x'.repeat(257), '\ud800']) {
        expect(await summaryOfRejection(() => insert(rows, { [member]: label }))).toEqual({
          code: 'VALIDATION',
          field: member,
        });
      }
    }
    expect(await read(scope)).toEqual([]);
  });

  it('counts new keys as inserted and keys that were there as updated', async () => {
    const scope = uniqueName();
    const day = uniqueDay();
    const rows = range(5).map((n) => tested.row(scope, day, n));
    expect(await insert(rows.slice(0, 3))).toMatchObject({ insertedCount: 3, updatedCount: 0 });
    expect(await insert(rows)).toMatchObject({ insertedCount: 2, updatedCount: 3 });
    expect(await insert(rows)).toMatchObject({ insertedCount: 0, updatedCount: 5 });
    expect(await read(scope)).toEqual(rows.map((row) => stored(tested, row)));
  });

  it('keeps the later of two rows with one key in a batch and counts it as an update', async () => {
    const scope = uniqueName();
    const row = tested.row(scope, uniqueDay());
    const result = await insert([
      with_(row, before),
      with_(row, after),
      with_(row, before),
      with_(row, after),
    ]);
    expect(result).toMatchObject({ insertedCount: 1, updatedCount: 3, failedCount: 0 });
    expect(await read(scope)).toEqual([stored(tested, with_(row, after))]);
  });

  it('replaces a row that is written again, and shows one version of it', async () => {
    const scope = uniqueName();
    const row = tested.row(scope, uniqueDay());
    await insert([with_(row, before)]);
    await insert([with_(row, after)]);
    const { data, totalCount } = await tested.find(backend(), tested.where(scope));
    expect(data).toEqual([stored(tested, with_(row, after))]);
    expect(totalCount).toBe(1);
  });

  it('does not let an older batch that is sent again undo a correction', async () => {
    const scope = uniqueName();
    const day = uniqueDay();
    const row = tested.row(scope, day);
    const original = () => insert([with_(row, before)], { timestamp: day });
    expect(await original()).toMatchObject({ insertedCount: 1, supersededCount: 0 });
    const correction = await insert([with_(row, after)], { timestamp: new Date(day + 1) });
    expect(correction).toMatchObject({ insertedCount: 0, updatedCount: 1, supersededCount: 0 });
    expect(await original()).toMatchObject({ insertedCount: 0, updatedCount: 1, supersededCount: 1 });
    expect(await read(scope)).toEqual([stored(tested, with_(row, after))]);
  });

  it('lets the later write win when two batches were made at the same instant', async () => {
    const scope = uniqueName();
    const day = uniqueDay();
    const row = tested.row(scope, day);
    for (const value of [before, after, before, after]) await insert([with_(row, value)], { timestamp: day });
    expect(await read(scope)).toEqual([stored(tested, with_(row, after))]);
  });

  it('takes now as the time of a batch that has none', async () => {
    const scope = uniqueName();
    const row = tested.row(scope, uniqueDay());
    await insert([with_(row, before)], { timestamp: Date.now() - DAY });
    await insert([with_(row, after)]);
    expect(await read(scope)).toEqual([stored(tested, with_(row, after))]);
    await insert([with_(row, before)], { timestamp: Date.now() - DAY });
    expect(await read(scope)).toEqual([stored(tested, with_(row, after))]);
  });

  it('refuses a batch that is dated too far ahead, and writes none of its rows', async () => {
    const scope = uniqueName();
    const row = tested.row(scope, uniqueDay());
    expect(await summaryOfRejection(() => insert([row], { timestamp: Date.now() + DAY }))).toEqual({
      code: 'VALIDATION',
      field: 'timestamp',
    });
    expect(await read(scope)).toEqual([]);
  });

  it('counts the rows that lose to a newer version, each time they are given', async () => {
    const scope = uniqueName();
    const day = uniqueDay();
    const [known, fresh] = [tested.row(scope, day), tested.row(scope, day, 1)];
    await insert([with_(known, after)], { timestamp: day + 1 });
    const result = await insert([with_(known, before), fresh, with_(known, before)], { timestamp: day });
    expect(result).toMatchObject({ insertedCount: 1, updatedCount: 2, supersededCount: 2, failedCount: 0 });
    expect(await insert([with_(known, after)], { timestamp: day + 1 })).toMatchObject({ supersededCount: 0 });
  });

  it('leaves the batch as it was, and does not follow what happens to it afterwards', async () => {
    const scope = uniqueName();
    const row: Record<string, unknown> = { ...tested.row(scope, uniqueDay()) };
    row['timestamp'] = new Date(row['timestamp'] as number);
    const batch = batchOfRows(tested, [row]);
    const snapshot = structuredClone(batch);
    await tested.insert(backend(), batch);
    expect(batch).toEqual(snapshot);
    const expected = await read(scope);
    spoil(row);
    expect(await read(scope)).toEqual(expected);
  });

  it('writes what was given when the batch is changed right after the call', async () => {
    const scope = uniqueName();
    const day = uniqueDay();
    const row: Record<string, unknown> = { ...tested.row(scope, day), timestamp: new Date(day) };
    const batch = batchOfRows(tested, [row]) as Record<string, unknown>;
    const writing = tested.insert(backend(), batch);
    spoil(row);
    spoil(batch);
    expect(await writing).toMatchObject({ insertedCount: 1, failedCount: 0 });
    expect(await read(scope)).toEqual([stored(tested, tested.row(scope, day))]);
  });

  it('counts a new key once when several inserts of it are called at the same time', async () => {
    const scope = uniqueName();
    const day = uniqueDay();
    const [row, other] = [tested.row(scope, day), tested.row(scope, day, 1)];
    const values = range(10).map((n) => (n % 2 === 0 ? before : after));
    const results = await Promise.all(
      values.map((value, n) => insert(n === 4 ? [with_(row, value), other] : [with_(row, value)])),
    );
    expect(results.map(({ insertedCount }) => insertedCount)).toEqual([1, 0, 0, 0, 1, 0, 0, 0, 0, 0]);
    expect(results.map(({ updatedCount }) => updatedCount)).toEqual([0, 1, 1, 1, 1, 1, 1, 1, 1, 1]);
    expect(results.map(({ supersededCount }) => supersededCount)).toEqual(values.map(() => 0));
    expect(await read(scope)).toEqual([stored(tested, with_(row, after)), stored(tested, other)]);
  });

  it('tells that an older batch loses to a newer one that is still under way', async () => {
    const scope = uniqueName();
    const day = uniqueDay();
    const row = tested.row(scope, day);
    const results = await Promise.all([
      insert([with_(row, after)], { timestamp: day + 1 }),
      insert([with_(row, before)], { timestamp: day }),
    ]);
    expect(results).toMatchObject([
      { insertedCount: 1, supersededCount: 0 },
      { updatedCount: 1, supersededCount: 1 },
    ]);
    expect(await read(scope)).toEqual([stored(tested, with_(row, after))]);
  });

  it('lets the insert called last win, however large those under way are', async () => {
    const scope = uniqueName();
    const day = uniqueDay();
    const row = tested.row(scope, day);
    const others = range(2_000).map((n) => tested.row(scope, day, n + 1));
    await Promise.all([
      insert([...others, with_(row, before)]),
      insert([with_(row, before)]),
      insert([with_(row, after)]),
    ]);
    expect((await read(scope))[0]).toEqual(stored(tested, with_(row, after)));
  });

  it('loses nothing when batches are written at the same time', async () => {
    const scope = uniqueName();
    const day = uniqueDay();
    const rows = range(40).map((n) => tested.row(scope, day, n));
    const results = await Promise.all(range(8).map((n) => insert(rows.slice(n * 5, n * 5 + 5))));
    expect(results.map(({ insertedCount }) => insertedCount)).toEqual(range(8).map(() => 5));
    await Promise.all(range(8).map(() => insert(rows)));
    expect(await read(scope)).toEqual(rows.map((row) => stored(tested, row)));
  });
}

/** Changes everything that can be changed inside a row: dates, lists, maps and the values themselves. */
export function spoil(row: Record<string, unknown>): void {
  for (const [name, value] of Object.entries(row)) {
    if (value instanceof Date) value.setTime(0);
    else if (Array.isArray(value)) value.push('spoiled');
    else if (typeof value === 'object' && value !== null) Object.assign(value, { spoiled: 1 });
    row[name] = 'spoiled';
  }
}
