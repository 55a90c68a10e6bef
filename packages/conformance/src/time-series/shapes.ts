import type { RecordName, Row, RowError, TimeSeriesBackend } from '@quantumtrade/dal-domain';
import { copyBatch, toOutputRow } from '@quantumtrade/dal-domain';
import fc from 'fast-check';
import { summaryOfRejection } from '../failures.js';
import type { TestRunner } from '../runner.js';
import { buildColumn, columnShapes, NO_COLUMNS, rowsByRule } from './column-shapes.js';
import type { LooseRow, RecordCase } from './record-cases.js';
import { batchOfRows, stored, caseOf, recordCases } from './record-cases.js';
import type { RowShape } from './row-shapes.js';
import { BATCH_SHAPES, LIST_SHAPES, rowShapes } from './row-shapes.js';
import type { OpenTimeSeries } from './subject.js';
import { describeSubject, uniqueDay, uniqueName, untyped } from './subject.js';

const marketDataCase = caseOf('marketData');
const predictionCase = caseOf('predictions');
const sentimentCase = caseOf('sentiment');

const SEED = 20_240_103;
const RUNS = 12;
const COLUMN_RUNS = 40;

/** Writes a batch and returns why rows of it were refused. */
type Write = (
  backend: TimeSeriesBackend,
  tested: RecordCase,
  batch: unknown,
) => Promise<{ readonly errors: readonly RowError[]; readonly rowCount: number }>;

async function collected(backend: TimeSeriesBackend, record: RecordName, batch: unknown): ReturnType<Write> {
  const collector = backend.blocks.collect(record);
  const appended = collector.append(untyped(batch));
  for (const block of collector.finish()) await backend.blocks.write(block);
  return appended;
}

/** Every write path of rows. */
const WRITES: Readonly<Record<string, Write>> = {
  insert: async (backend, tested, batch) => {
    const { insertedCount, updatedCount, failedCount, errors } = await tested.insert(backend, untyped(batch));
    return { errors, rowCount: failedCount === errors.length ? insertedCount + updatedCount : NaN };
  },
  collector: (backend, tested, batch) => collected(backend, tested.definition.name as RecordName, batch),
  'collector, copied': (backend, tested, batch) => {
    const record = tested.definition.name as RecordName;
    return collected(backend, record, copyBatch(record, untyped(batch)));
  },
};

/** Tests that rows are accepted or refused by their content, whatever the shape of the batch. */
export function shapeSuite(runner: TestRunner, open: OpenTimeSeries): void {
  const { it, expect } = runner;
  describeSubject(runner, open, 'shapes', (backend) => {
    for (const tested of [marketDataCase, sentimentCase, predictionCase])
      columnShapeTests(runner, tested, backend);

    for (const tested of recordCases) {
      const labels = tested.labels.map(({ field }) => field);
      const fields = Object.keys(tested.definition.fields).filter(
        (name) => !labels.includes(name) && name !== 'id',
      );
      const required = fields.filter((name) => !tested.definition.fields[name]!.nullable);
      const readFirst = Object.keys(tested.definition.fields)[0]!;
      const context = { table: tested.definition.table, fields, readFirst };
      const sample = fc.record({
        shapes: fc.array(rowShapes(required), { minLength: 1, maxLength: 24 }),
        list: fc.constantFrom(...Object.keys(LIST_SHAPES)),
        batch: fc.constantFrom(...Object.keys(BATCH_SHAPES)),
        write: fc.constantFrom(...Object.keys(WRITES)),
      });

      it(`${tested.definition.name} accepts rows by content, not shape (seed ${SEED})`, () =>
        fc.assert(
          fc.asyncProperty(sample, async ({ shapes, list, batch, write }) => {
            const scope = uniqueName();
            const day = uniqueDay();
            const right = shapes.map((_, n) => tested.row(scope, day, n));
            const rows = LIST_SHAPES[list]!(listOf(shapes, right, context));
            const given = BATCH_SHAPES[batch]!({ ...batchOfRows(tested, untyped(rows)) });
            const { errors, rowCount } = await WRITES[write]!(backend(), tested, given);
            const verdicts = shapes.map((shape) => shape.verdict(context));
            expect(errors).toEqual(
              verdicts.flatMap((verdict, index) => (verdict ? [{ index, ...verdict }] : [])),
            );
            const taken = right.filter((_, n) => verdicts[n] === undefined);
            expect(rowCount).toBe(taken.length);
            expect((await tested.find(backend(), tested.where(scope))).data).toEqual(
              taken.map((row) => stored(tested, row)),
            );
          }),
          { seed: SEED, numRuns: Number(process.env['QT_RUNS'] ?? RUNS) },
        ));

      for (const [name, write] of Object.entries(WRITES)) {
        it(`${tested.definition.name} refuses an unreadable batch by its member (${name})`, async () => {
          const right = batchOfRows(tested, [tested.row(uniqueName(), uniqueDay())]);
          const failure = (batch: unknown) => summaryOfRejection(async () => write(backend(), tested, batch));
          const refused = (field: string) => ({ code: 'VALIDATION', field });
          for (const member of Object.keys(right)) {
            const batch = Object.defineProperty({ ...right }, member, {
              enumerable: true,
              get: () => {
                throw new Error('cannot be read by anybody');
              },
            });
            expect(await failure(batch)).toEqual(refused(member));
          }
          for (const list of [{ length: 1, 0: {} }, new Set(), 'rows', null, 7, Uint8Array.of(1)]) {
            expect(await failure({ ...right, [tested.list]: list })).toEqual(refused(tested.list));
          }
          expect(await failure({ ...right, [`${tested.list}s`]: [] })).toEqual(refused(`${tested.list}s`));
        });
      }
    }
  });
}

function listOf(
  shapes: readonly RowShape[],
  right: readonly LooseRow[],
  context: Parameters<RowShape['build']>[1],
): unknown[] {
  const list: unknown[] = [];
  list.length = shapes.length;
  shapes.forEach((shape, n) => {
    const built = shape.build(right[n]!, context);
    if (built) list[n] = built.row;
  });
  return list;
}

const ROWS = 4;

function columnShapeTests(runner: TestRunner, tested: RecordCase, backend: () => TimeSeriesBackend): void {
  const { it, expect } = runner;
  const { definition, scopeField } = tested;
  const record = definition.name as RecordName;
  const fields = Object.keys(definition.fields).filter((name) => name !== scopeField);
  const labels = Object.fromEntries(tested.labels.map(({ field, value }) => [field, value]));
  const valuesOf = (scope: string, day: number) => {
    const rows = Array.from({ length: ROWS }, (_, n): LooseRow => ({
      ...tested.row(scope, day, n),
      ...labels,
    }));
    return Object.fromEntries(fields.map((name) => [name, rows.map((row) => row[name])]));
  };
  const sample = fc.array(columnShapes(fields), { maxLength: 3 });

  it(`accepts columns of ${definition.name} by content, not shape (seed ${SEED})`, () =>
    fc.assert(
      fc.asyncProperty(sample, async (shapes) => {
        const scope = uniqueName();
        const values = valuesOf(scope, uniqueDay());
        const constants = { [scopeField]: scope };
        const build = () => ({
          ...values,
          ...Object.fromEntries(shapes.map(([name, shape]) => [name, buildColumn(shape, values[name]!)])),
        });
        const { rows, errors } = rowsByRule(definition, build(), constants, ROWS);
        for (const copied of [false, true]) {
          const batch = { columns: build(), constants };
          const given = copied ? copyBatch(record, untyped(batch)) : batch;
          expect(await collected(backend(), record, given)).toMatchObject({ rowCount: rows.length, errors });
        }
        const keyOf = (row: Row) => definition.key.map((name) => String(row[name])).join('|');
        const lastOfKeys = new Map(rows.map((row) => [keyOf(row), row]));
        const { data } = await tested.find(backend(), tested.where(scope), { exact: true });
        expect(sortedTexts(data)).toEqual(
          sortedTexts([...lastOfKeys.values()].map((row) => toOutputRow(definition, row, true))),
        );
      }),
      { seed: SEED, numRuns: Number(process.env['QT_RUNS'] ?? COLUMN_RUNS) },
    ));

  it(`refuses columns of ${definition.name} by name when they form no rows`, async () => {
    const scope = uniqueName();
    const values = valuesOf(scope, uniqueDay());
    const failure = (batch: unknown) => summaryOfRejection(async () => collected(backend(), record, batch));
    const constants = { [scopeField]: scope };
    const field = fields.at(-1)!;
    for (const [shape, build] of Object.entries(NO_COLUMNS)) {
      const columns = { ...values, [field]: build(values[field]!) };
      expect([shape, await failure({ columns, constants })]).toEqual([shape, { code: 'VALIDATION', field }]);
    }
    const onlyConstants = Object.fromEntries(Object.entries(values).map(([name, [value]]) => [name, value]));
    const refused = (name: string) => ({ code: 'VALIDATION', field: name });
    expect(await failure({ columns: {}, constants: { ...onlyConstants, ...constants } })).toEqual(
      refused('columns'),
    );
    for (const junk of [null, 5, 'columns']) {
      expect(await failure({ columns: junk, constants })).toEqual(refused('columns'));
      expect(await failure({ columns: values, constants: junk })).toEqual(refused('constants'));
    }
    expect(await failure({ columns: values, constants, records: [] })).toEqual(refused('records'));
    expect(await failure({ columns: values, constant: constants })).toEqual(refused('constant'));
    expect(await collected(backend(), record, { columns: emptied(values), constants })).toMatchObject({
      rowCount: 0,
      errors: [],
    });
  });
}

const emptied = (columns: object) => Object.fromEntries(Object.keys(columns).map((name) => [name, []]));

const sortedTexts = (rows: readonly object[]): string[] =>
  rows
    .map((row) =>
      JSON.stringify(Object.entries(row).sort(), (_, value: unknown) =>
        typeof value === 'bigint' ? `${value}n` : value,
      ),
    )
    .sort();
