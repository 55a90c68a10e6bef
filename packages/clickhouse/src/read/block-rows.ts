import type { Canonical, RecordDefinition, Row } from '@quantumtrade/dal-domain';
import { columnOf } from '@quantumtrade/dal-domain';
import type { DecodedBlock } from '../codec/read/block-parser.js';

/** Rows of a block that follow each other. */
export interface BlockRows {
  readonly block: DecodedBlock;
  readonly from: number;
  /** Position behind the last row. */
  readonly to: number;
}

export const totalRowsOf = (parts: readonly BlockRows[]): number =>
  parts.reduce((sum, { from, to }) => sum + to - from, 0);

/** Returns fields of one row in canonical form. */
export function canonicalRow(
  block: DecodedBlock,
  row: number,
  definition: RecordDefinition,
  names?: readonly string[],
): Row {
  return canonicalRows([{ block, from: row, to: row + 1 }], definition, names)[0]!;
}

/** Returns rows in canonical form. */
export function canonicalRows(
  parts: readonly BlockRows[],
  definition: RecordDefinition,
  names?: readonly string[],
): Row[] {
  const fields = names ? columnsOf(names) : columnsOfAll(definition);
  const rows: Row[] = [];
  for (const { block, from, to } of parts) {
    const first = rows.length;
    for (let i = from; i < to; i++) rows.push({});
    for (const [name, columnName] of fields) {
      const column = block.column(columnName);
      for (let i = from; i < to; i++) {
        (rows[first + i - from] as Record<string, Canonical | null>)[name] = column.at(i) as Canonical | null;
      }
    }
  }
  return rows;
}

type FieldColumns = readonly (readonly [field: string, column: string])[];

const columnsOf = (names: readonly string[]): FieldColumns => names.map((name) => [name, columnOf(name)]);

const columnsByDefinition = new WeakMap<RecordDefinition, FieldColumns>();

function columnsOfAll(definition: RecordDefinition): FieldColumns {
  let columns = columnsByDefinition.get(definition);
  if (!columns) columnsByDefinition.set(definition, (columns = columnsOf(Object.keys(definition.fields))));
  return columns;
}
