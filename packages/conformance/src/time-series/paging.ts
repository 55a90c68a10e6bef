import type { RecordName, TimeSeriesBackend } from '@quantumtrade/dal-domain';
import { recordNames } from '@quantumtrade/dal-domain';
import { summaryOfRejection } from '../failures.js';
import type { TestRunner } from '../runner.js';
import { allPages, readsOf } from './read-methods.js';
import type { LooseRow, RecordCase } from './record-cases.js';
import { batchOfRows, stored } from './record-cases.js';
import { byUtf8, DAY, uniqueDay, uniqueName } from './subject.js';

/** Orders output values of keys. */
export function compareOutput(a: unknown, b: unknown): number {
  if (typeof a === 'string' && typeof b === 'string') return byUtf8(a, b);
  return (a as number) < (b as number) ? -1 : (a as number) > (b as number) ? 1 : 0;
}

/** Returns rows in an order of a record. */
export function inOrder(
  { key }: { readonly key: readonly string[] },
  rows: readonly LooseRow[],
  order: string,
  direction: string,
): LooseRow[] {
  const fields = order === 'key' ? key : ['timestamp', ...key.filter((name) => name !== 'timestamp')];
  const sign = direction === 'descending' ? -1 : 1;
  return rows.toSorted((a, b) => {
    for (const name of fields) {
      const compared = compareOutput(a[name], b[name]);
      if (compared !== 0) return sign * compared;
    }
    return 0;
  });
}

/** Every order and direction. */
export const ORDERS = ['time', 'key'].flatMap((order) =>
  ['ascending', 'descending'].map((direction) => ({ order, direction })),
);

/** Tests pages, orders and cursors of one record. */
export function pagingTests(runner: TestRunner, tested: RecordCase, backend: () => TimeSeriesBackend): void {
  const { it, expect } = runner;
  const { definition } = tested;
  const name = definition.name as RecordName;
  const reads = () => readsOf(backend(), name);
  const write = (rows: readonly LooseRow[]) => tested.insert(backend(), batchOfRows(tested, rows));

  /** Writes rows of several scopes that share their instants, and returns them as stored. */
  async function writeScopes(count = 3, each = 4) {
    const day = uniqueDay();
    const scopes = Array.from({ length: count }, (_, i) => uniqueName(i % 2 === 0 ? 'é' : 'Z'));
    const rows = scopes.flatMap((scope) =>
      Array.from({ length: each }, (_, n) => tested.row(scope, day + (n >> 1) * 10, n)),
    );
    await write(rows);
    return { day, scopes, rows: rows.map((row) => stored(tested, row)) };
  }
  const rangeOf = (day: number) => ({ startTime: day, endTime: day + DAY });

  it('pages by cursor return every row once in each order', async () => {
    const { day, rows } = await writeScopes();
    for (const ordered of ORDERS) {
      const expected = inOrder(definition, rows, ordered.order, ordered.direction);
      for (const limit of [1, 5, 12, 13]) {
        const pages = await allPages(reads(), { ...rangeOf(day), ...ordered, limit });
        expect(pages.flatMap(({ data }) => data)).toEqual(expected);
        expect(pages.map(({ data }) => data.length)).toEqual(
          Array.from({ length: Math.ceil(12 / limit) }, (_, n) => Math.min(limit, 12 - n * limit)),
        );
        expect(pages.map(({ hasMore }) => hasMore)).toEqual(pages.map((_, n) => n < pages.length - 1));
      }
    }
  });

  it('find orders by time within one scope, else by key', async () => {
    const { day, scopes, rows } = await writeScopes();
    const all = await reads().find(rangeOf(day));
    expect(all.data).toEqual(inOrder(definition, rows, 'key', 'ascending'));
    const one = await reads().find({ ...tested.where(scopes[1]!), direction: 'descending' });
    const expected = rows.filter((row) => row[tested.scopeField] === scopes[1]);
    expect(one.data).toEqual(inOrder(definition, expected, 'time', 'descending'));
  });

  it('find counts rows of other pages when count is set', async () => {
    const { day } = await writeScopes(1, 6);
    const params = { ...rangeOf(day), limit: 2 };
    const totals = async (more: object) =>
      (await allPages(reads(), { ...params, ...more })).map(({ totalCount }) => totalCount);
    expect(await totals({})).toEqual([6, null, null]);
    expect(await totals({ count: true })).toEqual([6, 6, 6]);
    expect(await totals({ count: false })).toEqual([null, null, null]);
    expect(await totals({ count: false, limit: 6 })).toEqual([6]);
    const { data, hasMore, nextCursor } = await reads().find({ ...params, limit: 0 });
    expect([data, hasMore]).toEqual([[], true]);
    const first = await reads().find({ ...params, cursor: nextCursor });
    expect(first.data).toEqual((await reads().find(params)).data);
  });

  it('pages are stable while rows are written and corrected', async () => {
    const { day, scopes, rows } = await writeScopes();
    const { field, after } = tested.correction;
    for (const ordered of ORDERS) {
      const expected = inOrder(definition, rows, ordered.order, ordered.direction);
      const keysOf = (found: readonly LooseRow[]) =>
        found.map((row) =>
          definition.key.map((key) => (key === 'timestamp' ? Number(row[key]) : row[key])).join(' '),
        );
      let written = 100;
      const pages = await allPages(reads(), { ...rangeOf(day), ...ordered, limit: 2 }, {}, async () => {
        // More rows than a page in every page would never end.
        if (written > 112) return;
        const added = scopes.map((scope) => tested.row(scope, day + 5, ++written));
        const [first] = scopes;
        await write([...added, { ...tested.row(first!, day, 0), [field]: after }]);
      });
      const wanted = keysOf(expected);
      expect(keysOf(pages.flatMap(({ data }) => data)).filter((key) => wanted.includes(key))).toEqual(wanted);
      const found = keysOf(pages.flatMap(({ data }) => data));
      expect(new Set(found).size).toBe(found.length);
      for (const scope of scopes) {
        await write(rows.filter((row) => row[tested.scopeField] === scope).map((row) => own(tested, row)));
      }
    }
  });

  it('a cursor allows other fields, limits and counts, nothing else', async () => {
    const { day, scopes } = await writeScopes();
    const params = { ...rangeOf(day), limit: 3 };
    const cursor = (await reads().find(params)).nextCursor!;
    const rest = await reads().find({ ...params, cursor, limit: 100 });
    const [field] = Object.keys(definition.fields) as [string];
    const selected = await reads().find({ ...params, cursor, limit: 100, select: [field], count: true });
    expect(selected.data).toEqual(rest.data.map((row) => ({ [field]: row[field] })));
    expect(selected.totalCount).toBe(12);
    const refused = { code: 'VALIDATION', field: 'cursor' };
    const others: object[] = [
      { ...params, order: 'time' },
      { ...params, direction: 'descending' },
      { ...params, endTime: day + DAY - 1 },
      { limit: 3, startTime: day },
      { ...params, ...tested.where(scopes[0]!) },
    ];
    for (const other of others) {
      expect(await summaryOfRejection(() => reads().find({ ...other, cursor }))).toEqual(refused);
    }
    const foreign = readsOf(
      backend(),
      recordNames.find((record) => record !== name && record !== 'features')!,
    );
    expect(await summaryOfRejection(() => foreign.find({ ...params, cursor }))).toEqual(refused);
  });

  it('find refuses malformed cursors by name', async () => {
    const { day } = await writeScopes(1, 3);
    const params = { ...rangeOf(day), limit: 1 };
    const cursor = (await reads().find(params)).nextCursor!;
    const content = JSON.parse(Buffer.from(cursor, 'base64url').toString()) as { k: unknown[] };
    const encode = (value: unknown) => Buffer.from(JSON.stringify(value)).toString('base64url');
    expect(await reads().find({ ...params, cursor: encode(content) })).toMatchObject({ hasMore: true });
    const malformed = [
      '',
      'next',
      `${cursor} `,
      cursor.slice(1),
      cursor.slice(0, -2),
      Buffer.from('{').toString('base64url'),
      ...[null, 7, [], {}, { ...content, v: 2 }, { ...content, q: 'x' }, { ...content, more: 1 }].map(encode),
      ...[null, [null], content.k.slice(1), [...content.k, 1]].map((k) => encode({ ...content, k })),
      encode({ ...content, k: content.k.map(() => ({})) }),
    ];
    for (const wrong of malformed) {
      expect(await summaryOfRejection(() => reads().find({ ...params, cursor: wrong }))).toEqual({
        code: 'VALIDATION',
        field: 'cursor',
      });
    }
  });
}

/** Returns a stored row without the labels of its batch. */
const own = ({ labels }: RecordCase, row: LooseRow): LooseRow =>
  Object.fromEntries(Object.entries(row).filter(([name]) => labels.every(({ field }) => field !== name)));
