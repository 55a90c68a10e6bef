import type { RecordBatches, RecordDefinition, RecordName } from '@quantumtrade/dal-domain';
import {
  columnOf,
  isDatabaseError,
  monthOf,
  prepareBatch,
  recordNames,
  records,
  VersionClock,
} from '@quantumtrade/dal-domain';
import fc from 'fast-check';
import { rowsOf } from '../testing/rows-of.js';
import { recordsOf } from '../testing/native-records.js';
import type { Sql } from '../connection/sql.js';
import { NativeBlockWriter } from './block-writer.js';
import { RecordTables } from './record-writer.js';
import { decodeNativeBlock } from './store-block.js';

const NOW = Date.UTC(2024, 1, 29);
const seed = Number(process.env['QT_SEED'] ?? Math.floor(Math.random() * 2 ** 31));
const writer = new NativeBlockWriter(
  {} as Sql,
  new VersionClock({ now: () => NOW }),
  Infinity,
  new RecordTables(),
);

const label = fc.constantFrom<unknown>('vendor', 'ü', 'vendor', '', undefined, 'x'.repeat(257));
const timestamp = fc.constantFrom<unknown>(undefined, undefined, 5, new Date(6), 'now', null, 0.5);
const batchOf = (list: string, rows: fc.Arbitrary<unknown>, labels: readonly string[]) =>
  fc.record({
    [list]: fc.oneof(
      { weight: 30, arbitrary: rows },
      { weight: 1, arbitrary: fc.constantFrom(undefined, {}) },
    ),
    ...Object.fromEntries(labels.map((name) => [name, label])),
    timestamp,
  });

const rows = (record: RecordName) => recordsOf(records[record], 3);
const features = fc.array(
  fc.record({
    symbol: fc.constantFrom<unknown>('A', 'B', '', null),
    timestamp: fc.constantFrom<unknown>(0, NOW, new Date(NOW), 'now'),
    version: fc.constantFrom<unknown>(1, 65_535, -1),
    features: fc.oneof(
      fc.dictionary(fc.string({ maxLength: 3 }), fc.double(), { maxKeys: 4 }),
      fc.constantFrom<unknown>(null, [1]),
    ),
    metadata: fc.constantFrom<unknown>(undefined, { unit: 'x' }, { unit: 1 }),
    calculationTimeMs: fc.constantFrom<unknown>(undefined, 7, -1),
    computedAt: timestamp,
  }),
);

const batchesOf = (record: RecordName): fc.Arbitrary<unknown> => {
  const { batch }: RecordDefinition = records[record];
  return batch.form === 'rows' ? batchOf(batch.rows, rows(record), Object.values(batch.labels)) : features;
};

interface Refusal {
  readonly code: string;
  readonly message: string;
}

const isRefusal = (outcome: unknown): outcome is Refusal =>
  typeof outcome === 'object' && outcome !== null && 'code' in outcome;

const outcomeOf = <T>(call: () => T): T | Refusal => {
  try {
    return call();
  } catch (error) {
    if (!isDatabaseError(error)) throw error;
    return { code: error.code, message: error.message };
  }
};

it.each(recordNames)(
  `accepts and refuses rows of %s as the domain does (QT_SEED=${seed})`,
  async (record) => {
    const batches = batchesOf(record);
    const definition = records[record];
    await fc.assert(
      fc.asyncProperty(fc.array(batches, { minLength: 1, maxLength: 4 }), async (sequence) => {
        const collector = writer.collect(record);
        const expected = new Map<number, { rows: unknown[]; batches: Set<number> }>();
        let taken = 0;
        for (const given of sequence as RecordBatches[typeof record][]) {
          const version = outcomeOf(() => collector.drawVersion(given));
          if (isRefusal(version)) {
            expect(outcomeOf(() => collector.append(given))).toEqual(version);
            continue;
          }
          const prepared = outcomeOf(() => prepareBatch(record, given, version));
          const appended = outcomeOf(() => collector.append(given, version));
          if (isRefusal(prepared)) {
            expect(appended).toEqual(prepared);
            continue;
          }
          const { rows, roundedCount, errors } = prepared;
          expect(appended).toEqual({ rowCount: rows.length, roundedCount, errors });
          for (const { row, version: writtenAt } of rows) {
            const month = monthOf(row['timestamp'] as number);
            const block = expected.get(month) ?? { rows: [], batches: new Set() };
            expected.set(month, block);
            block.rows.push({ ...row, writtenAt });
            block.batches.add(taken);
          }
          taken++;
        }
        const blocks = await Promise.all(
          collector.finish().map(async ({ bytes, batches: from, rowCount }) => {
            const decoded = (await decodeNativeBlock(bytes))!;
            expect(decoded.rowCount).toBe(rowCount);
            expect(decoded.names).toEqual([...Object.keys(definition.fields).map(columnOf), 'written_at']);
            const written = decoded.column('written_at');
            const rowsRead = rowsOf(decoded, definition).map((row, i) => ({
              ...row,
              writtenAt: written.at(i),
            }));
            return { rows: rowsRead, batches: from };
          }),
        );
        const wanted = [...expected.values()].map((block) => ({ ...block, batches: [...block.batches] }));
        const byFirst = (a: { rows: unknown[] }, b: { rows: unknown[] }) =>
          timeOf(a.rows[0]) - timeOf(b.rows[0]);
        expect(blocks.sort(byFirst)).toEqual(wanted.sort(byFirst));
      }),
      { seed, numRuns: 60 },
    );
  },
);

const timeOf = (row: unknown): number => (row as { timestamp: number }).timestamp;

it('collects exactly one block without surrounding bytes', async () => {
  const collector = writer.collect('features');
  collector.append([{ symbol: 'A', timestamp: 0, version: 1, features: { f: 1 } }]);
  const bytes = collector.finish()[0]!.bytes;
  expect((await decodeNativeBlock(bytes))!.rowCount).toBe(1);
  for (const other of [[], bytes.subarray(1), bytes.subarray(0, -1), [...bytes, 0], [...bytes, ...bytes]]) {
    expect(await decodeNativeBlock(Uint8Array.from(other))).toBeUndefined();
  }
});
