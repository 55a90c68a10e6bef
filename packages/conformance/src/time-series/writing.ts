import type { TimeSeriesBackend } from '@quantumtrade/dal-domain';
import { summaryOfRejection } from '../failures.js';
import type { TestRunner } from '../runner.js';
import type { LooseRow, RecordCase } from './record-cases.js';
import { batchOfRows, incomplete, stored } from './record-cases.js';
import { DAY, uniqueDay, uniqueName } from './subject.js';

const range = (length: number): number[] => [...Array(length).keys()];

/** Tests `insert` of one record. */
export function writingTests(runner: TestRunner, tested: RecordCase, backend: () => TimeSeriesBackend): void {
  const { it, expect } = runner;
  const { field, before, after } = tested.correction;
  const insert = (rows: readonly unknown[], more = {}) =>
    tested.insert(backend(), batchOfRows(tested, rows, more));
  const read = async (scope: string) => (await tested.find(backend(), tested.where(scope))).data;
  const with_ = (row: LooseRow, value: unknown) => ({ ...row, [field]: value });

  it('writes valid rows and reports each invalid one', async () => {
    const scope = uniqueName();
    const day = uniqueDay();
    const bad = [0, 500, 999];
    const rows = range(1_000).map((n) =>
      bad.includes(n) ? incomplete(tested, tested.row(scope, day, n)) : tested.row(scope, day, n),
    );
    const result = await insert(rows);
    expect(result).toMatchObject({
      insertedCount: 997,
      updatedCount: 0,
      failedCount: 3,
      errors: bad.map((index) => ({ index, field: tested.required, reason: 'is required' })),
    });
    expect(result.executionTimeMs).toBeGreaterThanOrEqual(0);
    expect((await tested.find(backend(), { ...tested.where(scope), limit: 0 })).totalCount).toBe(997);
  });

  it('reports the missing field of every row', async () => {
    const row = tested.row(uniqueName(), uniqueDay());
    const { fields } = tested.definition;
    const required = Object.keys(row).filter((name) => name !== 'id' && !fields[name]!.nullable);
    const { insertedCount, errors } = await insert(required.map((name) => ({ ...row, [name]: null })));
    expect(insertedCount).toBe(0);
    expect(errors.map(({ index, field: name }) => ({ index, name }))).toEqual(
      required.map((name, index) => ({ index, name })),
    );
  });

  it('reports a mistyped name of a nullable field', async () => {
    const row = tested.row(uniqueName(), uniqueDay());
    const { fields } = tested.definition;
    const nullable = Object.keys(row).filter((name) => fields[name]!.nullable);
    const mistyped = nullable.map((name) => {
      const { [name]: value, id: _, ...others } = row;
      return { ...others, [`${name}s`]: value };
    });
    const { insertedCount, errors } = await insert(mistyped);
    expect(insertedCount).toBe(0);
    expect(errors).toEqual(
      nullable.map((name, index) => ({
        ...{ index, field: `${name}s`, reason: `unknown key, did you mean "${name}"?` },
      })),
    );
  });

  it('reports rows that are no objects', async () => {
    const { failedCount, errors } = await insert([null, 42, 'row', undefined]);
    expect(failedCount).toBe(4);
    expect(errors.map(({ index }) => index)).toEqual([0, 1, 2, 3]);
  });

  it('reports timestamps that are invalid or outside 1900 to 2299', async () => {
    const wrong = [Date.UTC(1899, 11, 31), Date.UTC(2300, 0, 1), 0.5, Infinity, new Date(NaN), '2024-01-01'];
    const rows = wrong.map((timestamp) => ({ ...tested.row(uniqueName(), 0), timestamp }));
    const { insertedCount, errors } = await insert(rows);
    expect(insertedCount).toBe(0);
    expect(errors.map((error) => error.field)).toEqual(wrong.map(() => 'timestamp'));
  });

  it('accepts an empty batch', async () => {
    expect(await insert([])).toMatchObject({ insertedCount: 0, updatedCount: 0, failedCount: 0, errors: [] });
  });

  it('refuses a batch without rows by the member', async () => {
    const insertList = (list: unknown) => summaryOfRejection(() => insert([], { [tested.list]: list }));
    expect(await insertList(undefined)).toEqual({ code: 'VALIDATION', field: tested.list });
    expect(await insertList('rows')).toEqual({ code: 'VALIDATION', field: tested.list });
  });

  it('refuses a batch with an invalid time or label', async () => {
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

  it('counts new keys as inserted and existing ones as updated', async () => {
    const scope = uniqueName();
    const day = uniqueDay();
    const rows = range(5).map((n) => tested.row(scope, day, n));
    expect(await insert(rows.slice(0, 3))).toMatchObject({ insertedCount: 3, updatedCount: 0 });
    expect(await insert(rows)).toMatchObject({ insertedCount: 2, updatedCount: 3 });
    expect(await insert(rows)).toMatchObject({ insertedCount: 0, updatedCount: 5 });
    expect(await read(scope)).toEqual(rows.map((row) => stored(tested, row)));
  });

  it('keeps the later of two rows with one key', async () => {
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

  it('replaces a row that is written again', async () => {
    const scope = uniqueName();
    const row = tested.row(scope, uniqueDay());
    await insert([with_(row, before)]);
    await insert([with_(row, after)]);
    const { data, totalCount } = await tested.find(backend(), tested.where(scope));
    expect(data).toEqual([stored(tested, with_(row, after))]);
    expect(totalCount).toBe(1);
  });

  it('a resent older batch does not undo a correction', async () => {
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

  it('keeps the later write when two batches have one time', async () => {
    const scope = uniqueName();
    const day = uniqueDay();
    const row = tested.row(scope, day);
    for (const value of [before, after, before, after]) await insert([with_(row, value)], { timestamp: day });
    expect(await read(scope)).toEqual([stored(tested, with_(row, after))]);
  });

  it('uses the current time for a batch without one', async () => {
    const scope = uniqueName();
    const row = tested.row(scope, uniqueDay());
    await insert([with_(row, before)], { timestamp: Date.now() - DAY });
    await insert([with_(row, after)]);
    expect(await read(scope)).toEqual([stored(tested, with_(row, after))]);
    await insert([with_(row, before)], { timestamp: Date.now() - DAY });
    expect(await read(scope)).toEqual([stored(tested, with_(row, after))]);
  });

  it('refuses a batch dated too far ahead', async () => {
    const scope = uniqueName();
    const row = tested.row(scope, uniqueDay());
    expect(await summaryOfRejection(() => insert([row], { timestamp: Date.now() + DAY }))).toEqual({
      code: 'VALIDATION',
      field: 'timestamp',
    });
    expect(await read(scope)).toEqual([]);
  });

  it('counts superseded rows each time they are written', async () => {
    const scope = uniqueName();
    const day = uniqueDay();
    const [known, fresh] = [tested.row(scope, day), tested.row(scope, day, 1)];
    await insert([with_(known, after)], { timestamp: day + 1 });
    const result = await insert([with_(known, before), fresh, with_(known, before)], { timestamp: day });
    expect(result).toMatchObject({ insertedCount: 1, updatedCount: 2, supersededCount: 2, failedCount: 0 });
    expect(await insert([with_(known, after)], { timestamp: day + 1 })).toMatchObject({ supersededCount: 0 });
  });

  it('leaves the batch unchanged and stores a copy', async () => {
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

  it('writes the given rows when the batch changes after the call', async () => {
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

  it('concurrent inserts count a new key once', async () => {
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

  it('reports superseded rows while the newer batch is in flight', async () => {
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

  it('the insert called last wins over larger concurrent ones', async () => {
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

  it('concurrent batches lose no rows', async () => {
    const scope = uniqueName();
    const day = uniqueDay();
    const rows = range(40).map((n) => tested.row(scope, day, n));
    const results = await Promise.all(range(8).map((n) => insert(rows.slice(n * 5, n * 5 + 5))));
    expect(results.map(({ insertedCount }) => insertedCount)).toEqual(range(8).map(() => 5));
    await Promise.all(range(8).map(() => insert(rows)));
    expect(await read(scope)).toEqual(rows.map((row) => stored(tested, row)));
  });
}

/** Changes every value of a row in place: dates, lists, maps and members. */
export function spoil(row: Record<string, unknown>): void {
  for (const [name, value] of Object.entries(row)) {
    if (value instanceof Date) value.setTime(0);
    else if (Array.isArray(value)) value.push('spoiled');
    else if (typeof value === 'object' && value !== null) Object.assign(value, { spoiled: 1 });
    row[name] = 'spoiled';
  }
}
