import type { Field, FieldKind, RecordDefinition, Row } from '@quantumtrade/dal-domain';
import { columnsOfRows, marketData, toOutputRow } from '@quantumtrade/dal-domain';
import { tableFromIPC, tableToIPC, Table } from 'apache-arrow';
import { RecordEncoder } from './record-encoder.js';
import { batchRowsOf } from './testing/batch-rows.js';

/** Two values of each kind in canonical form. */
const VALUES: Readonly<Record<FieldKind, readonly [Row[string], Row[string]]>> = {
  symbol: ['A', '日経'],
  label: ['bull', 'bear'],
  id: ['p1', 'p2'],
  text: ['', '🚀'],
  metadata: ['{}', '{"unit":"%"}'],
  uuid: ['00000000-0000-4000-8000-000000000001', '00000000-0000-4000-8000-000000000002'],
  texts: [[], ['a', '']],
  numbers: [{}, { b: 1, a: -0.5 }],
  instant: [-1, Date.UTC(2299, 11, 31)],
  decimal: [1n - 10n ** 38n, 2n ** 64n],
  uint8: [0, 255],
  uint16: [1, 65_535],
  uint32: [1, 2 ** 32 - 1],
  uint64: [0n, 2n ** 64n - 1n],
  float32: [-1, 0.5],
  float64: [-1e300, 0.1],
};

const definitionOf = (nullable: boolean): RecordDefinition => ({
  ...marketData,
  fields: Object.fromEntries(
    Object.keys(VALUES).map((kind) => [
      kind,
      { kind, nullable, ...(kind === 'decimal' && { precision: 38 }) } as Field,
    ]),
  ),
});

const rowOf = (which: 0 | 1): Row =>
  Object.fromEntries(Object.entries(VALUES).map(([kind, values]) => [kind, values[which]]));
const absent: Row = Object.fromEntries(Object.keys(VALUES).map((kind) => [kind, null]));

it.each([
  ['given', false, [rowOf(0), rowOf(1), rowOf(0)]],
  ['nullable', true, Array.from({ length: 12 }, (_, i) => [rowOf(0), absent, rowOf(1)][i % 3]!)],
  ['nullable and all given', true, [rowOf(1)]],
  ['absent', true, Array.from({ length: 9 }, () => absent)],
] as const)('values of every kind are kept when they are %s', (_, nullable, rows) => {
  const definition = definitionOf(nullable);
  const encoder = new RecordEncoder(definition);
  const batch = encoder.batch(columnsOfRows(definition, Object.keys(VALUES), rows, true));
  const expected = rows.map((row) => toOutputRow(definition, row, true));
  expect(batchRowsOf(batch)).toEqual(expected);
  const read = tableFromIPC(tableToIPC(new Table(encoder.schema, batch)));
  expect(read.batches.flatMap(batchRowsOf)).toEqual(expected);
});
