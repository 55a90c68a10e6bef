import type { RecordDefinition } from '@quantumtrade/dal-domain';
import { columnOf } from '@quantumtrade/dal-domain';
import type { SqlParams } from '../connection/sql.js';

/** Settings of one query, by name. They change what it costs, never its answer. */
export type QuerySettings = Readonly<Record<string, number>>;

/** One column of an order. */
export interface OrderedColumn {
  /** Name of the field; the version's column has none. */
  readonly field: string | undefined;
  /** Expression to order by. */
  readonly column: string;
  readonly isDescending: boolean;
}

/** One `SELECT` of the rows of one table, from which rules make a cheaper one. */
export interface TableQuery {
  readonly definition: RecordDefinition;
  /** Expressions to select. */
  readonly columns: readonly string[];
  /** Whether the engine merges the versions of each key. Otherwise the query has to choose one. */
  readonly isFinal: boolean;
  /** Conditions that rows must all fulfil. */
  readonly conditions: readonly string[];
  /** Columns by which rows are grouped. @default rows are not grouped */
  readonly groupBy?: readonly string[];
  readonly order: readonly OrderedColumn[];
  /** Order of which only the first row is read, with all rows that are equal in it. @default all rows are read */
  readonly firstBy?: readonly OrderedColumn[];
  /** Position in the order after which rows begin: a bound value for each of its columns. */
  readonly after?: readonly string[] | undefined;
  /** At most `count` rows with equal values of these columns. */
  readonly limitBy?: { readonly count: number; readonly columns: readonly string[] };
  readonly limit?: number | undefined;
  readonly params: SqlParams;
  readonly settings: QuerySettings;
}

/** Returns the text of a query. */
export function toSql({
  definition,
  columns,
  isFinal,
  conditions,
  groupBy,
  order,
  firstBy,
  after,
  limitBy,
  limit,
}: Omit<TableQuery, 'params' | 'settings'>): string {
  const selected = `SELECT ${columns.join(', ')}`;
  let clauses = [selected, `FROM ${definition.table}${isFinal ? ' FINAL' : ''}`];
  const all = after ? [...conditions, isAfter(order, after)] : conditions;
  if (all.length > 0) clauses.push(`WHERE ${all.join(' AND ')}`);
  if (groupBy) clauses.push(`GROUP BY ${groupBy.join(', ')}`);
  if (firstBy) {
    const first = [...clauses, orderByOf(firstBy), 'LIMIT 1 WITH TIES'].join(' ');
    clauses = [selected, `FROM (${first})`];
  }
  if (order.length > 0) clauses.push(orderByOf(order));
  if (limitBy) clauses.push(`LIMIT ${limitBy.count} BY ${limitBy.columns.join(', ')}`);
  if (limit !== undefined) clauses.push(`LIMIT ${limit}`);
  return clauses.join(' ');
}

/** Returns the clause that orders rows. */
const orderByOf = (order: readonly OrderedColumn[]): string =>
  `ORDER BY ${order.map(({ column, isDescending }) => `${column} ${isDescending ? 'DESC' : 'ASC'}`).join(', ')}`;

/** Compares positions as a whole. The whole order is ascending or descending. */
function isAfter(order: readonly OrderedColumn[], after: readonly string[]): string {
  // All rows have one position.
  if (order.length === 0) return 'false';
  const columns = order.map(({ column }) => column).join(', ');
  return `(${columns}) ${order[0]!.isDescending ? '<' : '>'} (${after.join(', ')})`;
}

/** Returns the expression by which a field is ordered and compared as in the domain. */
export function orderedColumn(
  { fields }: RecordDefinition,
  name: string,
  isDescending: boolean,
): OrderedColumn {
  const column = columnOf(name);
  // The engine orders a UUID by its second half first.
  return {
    field: name,
    column: fields[name]!.kind === 'uuid' ? `toString(${column})` : column,
    isDescending,
  };
}

/** The newest version of a row first. */
export const NEWEST_VERSION: OrderedColumn = { field: undefined, column: 'written_at', isDescending: true };
