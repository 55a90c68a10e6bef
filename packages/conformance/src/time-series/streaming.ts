import type { RecordName, TimeSeriesBackend } from '@quantumtrade/dal-domain';
import { summaryOfRejection } from '../failures.js';
import type { TestRunner } from '../runner.js';
import { collect } from './method-cases.js';
import { ORDERS } from './paging.js';
import { readsOf, rowsFromColumns, rowTexts } from './read-methods.js';
import type { RecordCase } from './record-cases.js';
import { batchOfRows, stored } from './record-cases.js';
import { uniqueDay, uniqueName, untyped } from './subject.js';

const ROWS = 25;

/** Tests streams and columns of one record. */
export function streamingTests(
  runner: TestRunner,
  tested: RecordCase,
  backend: () => TimeSeriesBackend,
): void {
  const { it, expect } = runner;
  const { definition } = tested;
  const name = definition.name as RecordName;
  const reads = () => readsOf(backend(), name);

  /** Writes rows of one scope, and returns them as stored with the parameters that select them. */
  async function writeRows(count = ROWS) {
    const scope = uniqueName();
    const day = uniqueDay();
    const rows = Array.from({ length: count }, (_, n) => tested.row(scope, day, n));
    await tested.insert(backend(), batchOfRows(tested, rows));
    return { where: tested.where(scope), rows: rows.map((row) => stored(tested, row)) };
  }

  it('stream returns what find does, in batches', async () => {
    const { where } = await writeRows();
    for (const exact of [false, true]) {
      for (const params of [{}, { limit: 7 }, { limit: 0 }, ...ORDERS]) {
        const { data } = await reads().find({ ...where, ...params }, { exact });
        const batches = await collect(reads().stream({ ...where, ...params, batchRows: 10 }, { exact }));
        expect(batches.flat()).toEqual(data);
        expect(batches.every(({ length }) => length > 0 && length <= 10)).toBe(true);
        const columns = await collect(
          reads().streamColumns({ ...where, ...params, batchRows: 10 }, { exact }),
        );
        expect(columns.flatMap((batch) => rowsFromColumns(batch, definition))).toEqual(data);
        expect(columns.every(({ rowCount }) => rowCount > 0 && rowCount <= 10)).toBe(true);
      }
    }
    expect(await collect(reads().stream(tested.where(uniqueName())))).toEqual([]);
    expect(await collect(reads().streamColumns(tested.where(uniqueName())))).toEqual([]);
  });

  it('reads in any order return each row once', async () => {
    const { where } = await writeRows();
    for (const exact of [false, true]) {
      const { data } = await reads().find(where, { exact });
      const expected = new Set(rowTexts(data));
      expect(expected.size).toBe(ROWS);
      for (const limit of [undefined, 7, 0]) {
        const params = { ...where, order: 'none', limit };
        const batched = { ...params, batchRows: 10 };
        const batches = await collect(reads().streamColumns(batched, { exact }));
        const page = await reads().find(params, { exact });
        const isCut = limit !== undefined;
        expect(page).toMatchObject({ hasMore: isCut, nextCursor: null, totalCount: ROWS });
        const uncounted = await reads().find({ ...params, count: false }, { exact });
        expect(uncounted).toMatchObject({ hasMore: isCut, totalCount: isCut ? null : ROWS });
        const answers = [
          page.data,
          uncounted.data,
          (await collect(reads().stream(batched, { exact }))).flat(),
          batches.flatMap((batch) => rowsFromColumns(batch, definition)),
          rowsFromColumns(await reads().columns(params, { exact }), definition),
        ];
        for (const rows of answers) {
          expect(rows).toHaveLength(limit ?? ROWS);
          expect(new Set(rowTexts(rows)).size).toBe(rows.length);
          expect(rowTexts(rows).every((text) => expected.has(text))).toBe(true);
        }
      }
    }
  });

  it('any order is refused beside a cursor or direction', async () => {
    const { where } = await writeRows(3);
    const refused = (field: string) => ({ code: 'VALIDATION', field });
    const order = 'none';
    const { nextCursor } = await reads().find({ ...where, limit: 1 });
    for (const cursor of [nextCursor, 'x']) {
      const params = { ...where, order, cursor };
      expect(await summaryOfRejection(() => reads().find(params))).toEqual(refused('cursor'));
      const explain = () => backend().queryPlans.explain(name, untyped<object>(params));
      expect(await summaryOfRejection(explain)).toEqual(refused('cursor'));
    }
    for (const direction of ['ascending', 'descending']) {
      const failed = [
        summaryOfRejection(() => reads().find({ order, direction })),
        summaryOfRejection(() => reads().columns({ order, direction })),
        summaryOfRejection(() => collect(reads().stream({ order, direction }))),
        summaryOfRejection(() => collect<unknown>(reads().streamColumns({ order, direction }))),
      ];
      expect(await Promise.all(failed)).toEqual(failed.map(() => refused('direction')));
    }
  });

  it('columns returns the values of rows', async () => {
    const { where } = await writeRows();
    for (const exact of [false, true]) {
      const { data } = await reads().find(where, { exact });
      const columns = await reads().columns(where, { exact });
      expect(columns.rowCount).toBe(ROWS);
      expect(rowsFromColumns(columns, definition)).toEqual(data);
      expect(rowsFromColumns(await reads().columns({ ...where, limit: 3 }, { exact }), definition)).toEqual(
        data.slice(0, 3),
      );
    }
    const none = await reads().columns(tested.where(uniqueName()));
    expect(none.rowCount).toBe(0);
    expect(Object.keys(none.columns)).toEqual(Object.keys(definition.fields));
  });

  it('columns have the types that the record says', async () => {
    const { where } = await writeRows(3);
    for (const exact of [false, true]) {
      const { columns } = await reads().columns(where, { exact });
      const types = Object.entries(columns).map(([field, column]) => [field, typeOf(column)]);
      expect(types).toEqual(
        Object.entries(definition.fields).map(([field, { kind, nullable, ...more }]) => [
          field,
          nullable ? 'list' : 'read' in more ? 'BigUint64Array' : TYPES[kind]![exact ? 1 : 0],
        ]),
      );
    }
  });

  it('columns can be written as they are read', async () => {
    const { where } = await writeRows();
    for (const exact of [false, true]) {
      const before = await reads().find(where, { exact: true });
      const { columns } = await reads().columns(where, { exact });
      const collector = backend().blocks.collect(name);
      expect(collector.append({ columns } as never)).toEqual({ rowCount: ROWS, roundedCount: 0, errors: [] });
      for (const block of collector.finish()) await backend().blocks.write(block);
      expect((await reads().find(where, { exact: true })).data).toEqual(before.data);
    }
  });

  it('a stream that is left ends, and can be read again', async () => {
    const { where, rows } = await writeRows();
    const stream = reads().stream({ ...where, batchRows: 5 });
    for await (const batch of stream) {
      expect(batch).toEqual(rows.slice(0, 5));
      break;
    }
    for (let loop = 0; loop < 2; loop++) expect((await collect(stream)).flat()).toEqual(rows);
    const never = reads().stream(where)[Symbol.asyncIterator]();
    expect(await never.return?.()).toEqual({ done: true, value: undefined });
    expect(await never.next()).toEqual({ done: true, value: undefined });
  });

  it('an abort between two batches ends a stream with its reason', async () => {
    const { where } = await writeRows();
    for (const method of ['stream', 'streamColumns'] as const) {
      const controller = new AbortController();
      const reason = new Error('no longer wanted');
      let batches = 0;
      const read = async () => {
        for await (const _ of reads()[method]({ ...where, batchRows: 2 }, { signal: controller.signal })) {
          batches++;
          controller.abort(reason);
        }
      };
      const ended = await read().then(
        () => 'ended',
        (error: unknown) => error,
      );
      expect(ended).toBe(reason);
      expect(batches).toBe(1);
    }
  });

  it('a stream checks its arguments when it is read', async () => {
    for (const method of ['stream', 'streamColumns'] as const) {
      for (const [params, field] of [
        [{ batchRows: 0 }, 'batchRows'],
        [{ batchRows: '5' }, 'batchRows'],
        [{ cursor: 'x' }, 'cursor'],
        [{ limit: -1 }, 'limit'],
        [{ nope: 1 }, 'nope'],
      ] as const) {
        const stream = reads()[method](params);
        expect(await summaryOfRejection(() => collect<unknown>(stream))).toEqual({
          code: 'VALIDATION',
          field,
        });
      }
    }
  });
}

/** Types of columns of each kind, and those with `exact`. */
const TYPES: Readonly<Record<string, readonly [string, string]>> = {
  symbol: ['dictionary', 'dictionary'],
  label: ['dictionary', 'dictionary'],
  ...Object.fromEntries(
    ['id', 'text', 'metadata', 'uuid', 'texts', 'numbers'].map((kind) => [kind, ['list', 'list']]),
  ),
  instant: ['Float64Array', 'BigInt64Array'],
  decimal: ['Float64Array', 'BigInt64Array'],
  uint8: ['Uint8Array', 'Uint8Array'],
  uint16: ['Uint16Array', 'Uint16Array'],
  uint32: ['Uint32Array', 'Uint32Array'],
  uint64: ['Float64Array', 'BigUint64Array'],
  float32: ['Float32Array', 'Float32Array'],
  float64: ['Float64Array', 'Float64Array'],
};

function typeOf(column: unknown): string {
  if (Array.isArray(column)) return 'list';
  const { dictionary, positions } = column as { dictionary?: unknown; positions?: object };
  if (dictionary === undefined) return (column as object).constructor.name;
  const isRight = Array.isArray(dictionary) && /^Uint(8|16|32)Array$/.test(positions!.constructor.name);
  return isRight ? 'dictionary' : 'malformed';
}
