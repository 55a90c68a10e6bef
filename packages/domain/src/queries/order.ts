import type { RecordDefinition } from '../records/definition.js';
import type { Canonical } from '../records/kinds/kind.js';
import type { Row } from '../records/row.js';
import { compareCanonical } from '../records/row.js';
import type { OrderName } from './parameters.js';

/** A total order of rows: by these fields, one after the other, all ascending or all descending. Any order has no fields. */
export interface RowOrder {
  readonly by: OrderName;
  readonly fields: readonly string[];
  readonly descending: boolean;
}

/** Fields that identify a feature set. */
const SET_FIELDS = ['symbol', 'timestamp', 'featureVersion'];

/** Form of the items that a read returns and counts: rows, or the sets of a record whose batch has the form `sets`. */
export type ItemForm = 'rows' | 'sets';

/** Returns the fields of an order. They identify an item, apart from those of any order, which has none. */
export function orderFields({ key }: RecordDefinition, by: OrderName, form: ItemForm): readonly string[] {
  if (by === 'none') return [];
  const fields = form === 'sets' ? SET_FIELDS : key;
  return by === 'key' ? fields : ['timestamp', ...fields.filter((name) => name !== 'timestamp')];
}

/** Returns the values of a row that its position in an order depends on. */
export const rowPosition = ({ fields }: RowOrder, row: Row): Canonical[] => fields.map((name) => row[name]!);

/** Compares two positions in an order; negative when the first comes before the second. */
export function comparePositions(
  { descending }: RowOrder,
  a: readonly Canonical[],
  b: readonly Canonical[],
): number {
  for (let i = 0; i < a.length; i++) {
    const order = compareCanonical(a[i]!, b[i]!);
    if (order !== 0) return descending ? -order : order;
  }
  return 0;
}

/** Returns the comparison of two rows by an order. */
export function rowComparison({ fields, descending }: RowOrder): (a: Row, b: Row) => number {
  return (a, b) => {
    for (const name of fields) {
      const order = compareCanonical(a[name]!, b[name]!);
      if (order !== 0) return descending ? -order : order;
    }
    return 0;
  };
}
