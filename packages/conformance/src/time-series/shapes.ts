import type { RecordName, RowError, TimeSeriesBackend } from '@quantumtrade/dal-domain';
import { copyBatch } from '@quantumtrade/dal-domain';
import fc from 'fast-check';
import { failureOf } from '../failure.js';
import type { TestRunner } from '../runner.js';
import type { LooseRow, RepositoryKind } from './kinds.js';
import {
  batchOf,
  marketDataKind,
  outcomeKind,
  predictionKind,
  sentimentKind,
  stored,
  strategyPerformanceKind,
} from './kinds.js';
import type { RowShape } from './row-shapes.js';
import { BATCH_SHAPES, LIST_SHAPES, rowShapes } from './row-shapes.js';
import type { OpenTimeSeries } from './subject.js';
import { describeSubject, uniqueDay, uniqueName, untyped } from './subject.js';

const KINDS = [marketDataKind, sentimentKind, predictionKind, outcomeKind, strategyPerformanceKind];
const SEED = 20_240_103;
const RUNS = 12;

/** Writes a batch and returns why rows of it were refused. */
type Write = (
  backend: TimeSeriesBackend,
  kind: RepositoryKind,
  batch: unknown,
) => Promise<{ readonly errors: readonly RowError[]; readonly rowCount: number }>;

async function collected(backend: TimeSeriesBackend, record: RecordName, batch: unknown): ReturnType<Write> {
  const collector = backend.blocks.collect(record);
  const appended = collector.append(untyped(batch));
  for (const block of collector.finish()) await backend.blocks.write(block);
  return appended;
}

/** Every way that rows take into a store. */
const WRITES: Readonly<Record<string, Write>> = {
  insert: async (backend, kind, batch) => {
    const { insertedCount, updatedCount, failedCount, errors } = await kind.insert(backend, untyped(batch));
    return { errors, rowCount: failedCount === errors.length ? insertedCount + updatedCount : NaN };
  },
  collector: (backend, kind, batch) => collected(backend, kind.definition.name as RecordName, batch),
  'collector, copied': (backend, kind, batch) => {
    const record = kind.definition.name as RecordName;
    return collected(backend, record, copyBatch(record, untyped(batch)));
  },
};

/** That what is taken of a batch, and why the rest is refused, goes by one plain rule whatever its shape. */
export function shapeSuite(runner: TestRunner, open: OpenTimeSeries): void {
  const { it, expect } = runner;
  describeSubject(runner, open, 'shapes', (backend) => {
    for (const kind of KINDS) {
      const labels = kind.labels.map(({ field }) => field);
      const fields = Object.keys(kind.definition.fields).filter(
        (name) => !labels.includes(name) && name !== 'id',
      );
      const required = fields.filter((name) => !kind.definition.fields[name]!.nullable);
      const readFirst = Object.keys(kind.definition.fields)[0]!;
      const context = { table: kind.definition.table, fields, readFirst };
      const sample = fc.record({
        shapes: fc.array(rowShapes(required), { minLength: 1, maxLength: 24 }),
        list: fc.constantFrom(...Object.keys(LIST_SHAPES)),
        batch: fc.constantFrom(...Object.keys(BATCH_SHAPES)),
        write: fc.constantFrom(...Object.keys(WRITES)),
      });

      it(`${kind.definition.name} takes and refuses rows by their content, not their shape (seed ${SEED})`, () =>
        fc.assert(
          fc.asyncProperty(sample, async ({ shapes, list, batch, write }) => {
            const scope = uniqueName();
            const day = uniqueDay();
            const right = shapes.map((_, n) => kind.row(scope, day, n));
            const rows = LIST_SHAPES[list]!(listOf(shapes, right, context));
            const given = BATCH_SHAPES[batch]!({ ...batchOf(kind, untyped(rows)) });
            const { errors, rowCount } = await WRITES[write]!(backend(), kind, given);
            const verdicts = shapes.map((shape) => shape.verdict(context));
            expect(errors).toEqual(
              verdicts.flatMap((verdict, index) => (verdict ? [{ index, ...verdict }] : [])),
            );
            const taken = right.filter((_, n) => verdicts[n] === undefined);
            expect(rowCount).toBe(taken.length);
            expect((await kind.find(backend(), kind.where(scope))).data).toEqual(
              taken.map((row) => stored(kind, row)),
            );
          }),
          { seed: SEED, numRuns: Number(process.env['QT_RUNS'] ?? RUNS) },
        ));

      for (const [name, write] of Object.entries(WRITES)) {
        it(`${kind.definition.name} refuses a batch that cannot be read, by its member (${name})`, async () => {
          const right = batchOf(kind, [kind.row(uniqueName(), uniqueDay())]);
          const failure = (batch: unknown) => failureOf(async () => write(backend(), kind, batch));
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
            expect(await failure({ ...right, [kind.list]: list })).toEqual(refused(kind.list));
          }
          expect(await failure({ ...right, [`${kind.list}s`]: [] })).toEqual(refused(`${kind.list}s`));
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
