import type { Field, ValuesOf } from '../records/field.js';
import { rulesOf, toOutputField } from '../records/field.js';
import type { RecordDefinition } from '../records/definition.js';
import type { Canonical } from '../records/kinds/kind.js';
import { Invalid } from '../records/kinds/kind.js';
import type { DefinitionOf, RecordName, RecordRow } from '../records/records.js';
import type { Row } from '../records/row.js';
import { unreadableValue } from '../records/row.js';
import type { FieldName } from './parameters.js';

type ColumnOf<F, E extends boolean, Value> = F extends { nullable: true }
  ? Value[]
  : F extends { kind: 'uint64'; read: 'bigint' }
    ? BigUint64Array
    : F extends Field
      ? ValuesOf<F['kind']>[E extends true ? 'exactColumn' : 'column']
      : never;

/**
 * Columns of a record, each with one value for each row. They can be written as a `ColumnBatch`.
 *
 * | kind | column | with `E = true` |
 * |---|---|---|
 * | `symbol`, `label` | list of distinct texts, and positions in it | the same |
 * | `id`, `text`, `metadata`, `uuid` | list of strings | the same |
 * | `texts`, `numbers` | list of lists, of maps | the same |
 * | `instant` | `Float64Array` of epoch milliseconds | `BigInt64Array` of epoch milliseconds |
 * | `decimal` | `Float64Array` | `BigInt64Array` of units of 10^-8; strings where a value exceeds 64 bits |
 * | `uint8` to `uint32`, `float32`, `float64` | the typed array | the same |
 * | `uint64` | `Float64Array`, or `BigUint64Array` with `read: 'bigint'` | `BigUint64Array` |
 * | nullable | list of the values of rows, or null | the same |
 *
 * A decimal or `uint64` that no number stands for fails the read without `E = true`.
 */
export interface ColumnsOf<
  N extends RecordName,
  S extends FieldName<N> = FieldName<N>,
  E extends boolean = false,
> {
  readonly rowCount: number;
  readonly columns: {
    readonly [F in S]: ColumnOf<
      DefinitionOf<N>['fields'][F & keyof DefinitionOf<N>['fields']],
      E,
      RecordRow<N, E>[F & keyof RecordRow<N, E>]
    >;
  };
}

/** {@link ColumnsOf} any record. */
export interface AnyColumns {
  readonly rowCount: number;
  readonly columns: Readonly<Record<string, unknown>>;
}

/**
 * Converts stored rows to columns of these fields. Every other way to read columns returns the same ones.
 * Throws `QueryError` when a value cannot be returned exactly as a number and `exact` was not asked for.
 */
export function columnsOfRows(
  definition: RecordDefinition,
  names: readonly string[],
  rows: readonly Row[],
  exact: boolean,
): AnyColumns {
  const columns = names.map((name) => {
    const field = definition.fields[name]!;
    const values = rows.map((row) => row[name] ?? null);
    const column = field.nullable
      ? listOf(field, values, exact)
      : rulesOf(field).toColumn(values as Canonical[], field, exact);
    if (column instanceof Invalid) throw unreadableValue(definition, name, column);
    return [name, column];
  });
  return { rowCount: rows.length, columns: Object.fromEntries(columns) as Record<string, unknown> };
}

/** Returns the values of rows. */
function listOf(field: Field, values: readonly (Canonical | null)[], exact: boolean): unknown[] | Invalid {
  const list: unknown[] = [];
  for (const value of values) {
    const output = toOutputField(field, value, exact);
    if (output instanceof Invalid) return output;
    list.push(output);
  }
  return list;
}
