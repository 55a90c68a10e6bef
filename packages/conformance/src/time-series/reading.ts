import type { TimeSeriesBackend } from '@quantumtrade/dal-domain';
import { summaryOfRejection } from '../failures.js';
import type { TestRunner } from '../runner.js';
import type { LooseRow, RecordCase } from './record-cases.js';
import { batchOfRows, stored } from './record-cases.js';
import { answer, byUtf8, DAY, TRICKY_NAMES, uniqueDay, uniqueName } from './subject.js';
import { spoil } from './writing.js';

/** Tests `find` of one record. */
export function readingTests(runner: TestRunner, tested: RecordCase, backend: () => TimeSeriesBackend): void {
  const { it, expect } = runner;
  const write = (rows: readonly unknown[]) => tested.insert(backend(), batchOfRows(tested, rows));
  const find = async (params: object) => answer(await tested.find(backend(), params));
  const timesOf = (rows: readonly LooseRow[]) => rows.map((row) => Number(row['timestamp']));
  const hours = (day: number, ...offsets: number[]) => offsets.map((hour) => day + hour * 3_600_000);

  it('find returns the written rows by ascending timestamp', async () => {
    const scope = uniqueName();
    const rows = hours(uniqueDay(), 0, 1, 2, 3).map((time) => tested.row(scope, time));
    await write(rows.toReversed());
    expect(await find(tested.where(scope))).toEqual({
      data: rows.map((row) => stored(tested, row)),
      totalCount: 4,
      cacheHit: false,
    });
  });

  it('find returns no rows when nothing matches', async () => {
    expect(await find(tested.where(uniqueName()))).toEqual({ data: [], totalCount: 0, cacheHit: false });
  });

  it('find includes the start of a range and excludes its end', async () => {
    const scope = uniqueName();
    const [before, start, last, end] = hours(uniqueDay(), 0, 1, 2, 3) as [number, number, number, number];
    await write([before, start, last, end].map((time) => tested.row(scope, time)));
    const between = async (startTime?: Date | number, endTime?: Date | number) => {
      const { data } = await find({
        ...tested.where(scope),
        ...(startTime !== undefined && { startTime }),
        ...(endTime !== undefined && { endTime }),
      });
      return timesOf(data);
    };
    expect(await between(start, end)).toEqual([start, last]);
    expect(await between(new Date(start), new Date(end))).toEqual([start, last]);
    expect(await between(start + 1, end + 1)).toEqual([last, end]);
    expect(await between(start)).toEqual([start, last, end]);
    expect(await between(undefined, start)).toEqual([before]);
    expect(await between(start, start)).toEqual([]);
    expect(await between(end + 1)).toEqual([]);
  });

  it('totalCount includes rows beyond the limit', async () => {
    const scope = uniqueName();
    const times = hours(uniqueDay(), 0, 1, 2, 3, 4);
    await write(times.map((time) => tested.row(scope, time)));
    for (const limit of [0, 1, 4, 5, 6, 4_294_967_295]) {
      const { data, totalCount } = await find({ ...tested.where(scope), limit });
      expect(timesOf(data)).toEqual(times.slice(0, limit));
      expect(totalCount).toBe(5);
    }
  });

  it('find refuses invalid parameters by name', async () => {
    const day = uniqueDay();
    const wrong: [object, string][] = [
      [{ limit: -1 }, 'limit'],
      [{ limit: 1.5 }, 'limit'],
      [{ limit: NaN }, 'limit'],
      [{ limit: '5' }, 'limit'],
      [{ limit: 4_294_967_296 }, 'limit'],
      [{ startTime: new Date(NaN) }, 'startTime'],
      [{ endTime: 'today' }, 'endTime'],
      [{ startTime: day + 1, endTime: day }, 'startTime'],
      [{ symbol: '' }, 'symbol'],
      [{ symbol: 42 }, 'symbol'],
      [{ filters: { timestamp: '0' } }, 'filters.timestamp'],
      [{ filters: { [tested.correction.field]: '0' } }, `filters.${tested.correction.field}`],
      [{ filters: { 'symbol = symbol --': 'x' } }, 'filters.symbol = symbol --'],
      [{ filters: { constructor: 'x' } }, 'filters.constructor'],
      [{ filters: Object.fromEntries([['__proto__', 'x']]) }, 'filters.__proto__'],
    ];
    for (const [params, field] of wrong) {
      expect(await summaryOfRejection(() => tested.find(backend(), params))).toEqual({
        code: 'VALIDATION',
        field,
      });
    }
  });

  it('find filters by each filter field', async () => {
    const scope = uniqueName();
    const row = tested.row(scope, uniqueDay());
    await write([row]);
    const full = stored(tested, row);
    for (const name of tested.definition.filters) {
      const where = tested.where(scope);
      const matching = { ...where, filters: { ...where.filters, [name]: String(full[name]) } };
      expect((await find(matching)).data).toEqual([full]);
      const other = {
        uint64: '1',
        uuid: 'ffffffff-ffff-4fff-8fff-ffffffffffff',
        uint16: '9',
        uint32: '9',
      } as const;
      const fieldKind = tested.definition.fields[name]!.kind as keyof typeof other;
      const differing = { ...where, filters: { ...where.filters, [name]: other[fieldKind] ?? 'other' } };
      expect(await find(differing)).toEqual({ data: [], totalCount: 0, cacheHit: false });
    }
  });

  it('keeps timestamps to the millisecond from 1900 to 2299', async () => {
    const scope = uniqueName();
    const times = [
      Date.UTC(1900, 0, 1),
      Date.UTC(1969, 11, 31, 23, 59, 59, 999),
      0,
      1,
      Date.UTC(2024, 2, 31, 1, 30, 0, 123),
      Date.UTC(2299, 11, 31, 12),
    ];
    await write(times.map((time) => ({ ...tested.row(scope, 0), timestamp: new Date(time) })));
    expect(timesOf((await find(tested.where(scope))).data)).toEqual(times);
    const { data } = await find({ ...tested.where(scope), startTime: times[1], endTime: times[3] });
    expect(timesOf(data)).toEqual([times[1], times[2]]);
  });

  it('distinguishes names by every character and orders them by UTF-8 bytes', async () => {
    const day = uniqueDay();
    await write(TRICKY_NAMES.map((name) => tested.row(name, day)));
    const found = await find({ startTime: day, endTime: day + DAY });
    expect(found.data.map((row) => row[tested.scopeField])).toEqual(TRICKY_NAMES.toSorted(byUtf8));
    for (const name of TRICKY_NAMES) {
      const { data } = await find({ ...tested.where(name), startTime: day, endTime: day + DAY });
      expect(data).toEqual([stored(tested, tested.row(name, day))]);
    }
  });

  it('find returns copies', async () => {
    const scope = uniqueName();
    await write([tested.row(scope, uniqueDay())]);
    const expected = structuredClone(await find(tested.where(scope)));
    const { data } = await tested.find(backend(), tested.where(scope));
    spoil(data[0] as Record<string, unknown>);
    expect(await find(tested.where(scope))).toEqual(expected);
  });

  it('changing a row changes no other row of its page', async () => {
    const day = uniqueDay();
    await write([uniqueName(), uniqueName()].map((scope) => tested.row(scope, day)));
    const query = { startTime: day, endTime: day + DAY };
    const [, expected] = structuredClone((await find(query)).data);
    const { data } = await tested.find(backend(), query);
    expect(data).toHaveLength(2);
    spoil(data[0] as Record<string, unknown>);
    expect(data[1]).toEqual(expected);
  });

  it('find answers concurrent readers', async () => {
    const scopes = Array.from({ length: 20 }, () => uniqueName());
    const day = uniqueDay();
    await write(scopes.map((scope) => tested.row(scope, day)));
    const answers = await Promise.all(scopes.map((scope) => find(tested.where(scope))));
    expect(answers.map(({ data }) => data)).toEqual(
      scopes.map((scope) => [stored(tested, tested.row(scope, day))]),
    );
  });
}
