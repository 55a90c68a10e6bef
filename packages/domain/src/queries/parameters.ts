import type { Field, ValuesOf } from '../records/field.js';
import type { InstantForm } from '../records/kinds/number.js';
import type { DefinitionOf, RecordName, RecordRow } from '../records/records.js';

/** Names of the fields of a record. */
export type FieldName<N extends RecordName> = N extends RecordName
  ? keyof DefinitionOf<N>['fields'] & string
  : never;

type FilterName<N extends RecordName> = N extends RecordName ? DefinitionOf<N>['filters'][number] : never;

type FieldOf<N extends RecordName, F extends string> = N extends RecordName
  ? F extends keyof DefinitionOf<N>['fields']
    ? DefinitionOf<N>['fields'][F]
    : never
  : never;

type FilterValue<F> = F extends Field ? ValuesOf<F['kind']>['input'] | string : never;

/** Values that the filter fields of a record must equal: input values, or their text, e.g. `{ predictionHorizon: 60 }`. */
export type FiltersOf<N extends RecordName> = {
  readonly [F in FilterName<N>]?: FilterValue<FieldOf<N, F>>;
};

/** Selection of rows. All given conditions must hold; without any, every row matches. */
export interface RowSelection<N extends RecordName = RecordName> {
  /** Excludes `symbols`. */
  symbol?: string;
  /** Symbols of which a row must have one. An empty list matches no row. */
  symbols?: readonly string[];
  /** Start of the range, inclusive. */
  startTime?: Date | number;
  /** End of the range, exclusive. */
  endTime?: Date | number;
  /** Equality by field, e.g. `{ source: 'vendor' }`. Only a record's filter fields are allowed. */
  filters?: FiltersOf<N>;
}

/**
 * `time`: by timestamp, then by the rest of the key. `key`: by the key of the record, in which rows are stored. `none`: rows come as the
 * store reads them, and not in the same order each time.
 */
export type OrderName = 'time' | 'key' | 'none';

/** Members of every read of rows. */
interface RowQuery<N extends RecordName, S extends FieldName<N>> extends RowSelection<N> {
  /** Fields to read. No other column is read, and rows have no other member. @default all fields of the record */
  select?: readonly S[];
  /**
   * Order of the rows. Strings are ordered by their UTF-8 bytes. `none` costs least where many rows are read; which rows a limit then
   * leaves out is not defined.
   * @default `time` for rows of one symbol, or of one value of the key's first field; else `key`, the order in which rows are stored
   */
  order?: OrderName;
  /** Direction of the whole order; not together with the order `none`. @default ascending */
  direction?: 'ascending' | 'descending';
  /**
   * Rows that the call may scan. It limits reads that must scan their whole selection: those of whole columns, and those in
   * time order that have to be sorted. A read in key order scans little more than it returns. @default the adapter's `scanBudgetRows`
   */
  maxScanRows?: number;
}

/** Members of reads that return rows as objects. */
interface ObjectQuery<I extends InstantForm> {
  /**
   * Form of the instants in rows. Numbers are epoch milliseconds. They make reads of many rows faster: a `Date` is a third of the memory
   * of a bar. @default date
   */
  instants?: I;
}

/** Parameters of `find`. */
export interface PageQuery<
  N extends RecordName,
  S extends FieldName<N> = FieldName<N>,
  I extends InstantForm = 'date',
>
  extends RowQuery<N, S>, ObjectQuery<I> {
  /** Maximum number of rows. @default the adapter's `defaultPageRows`, 10,000 (rows) unless configured */
  limit?: number;
  /**
   * `nextCursor` of the page before. Selection, order and direction must be those of that page. Not together with the order `none`, in
   * which nothing has a position: such a page is the only one.
   */
  cursor?: string;
  /** Whether rows beyond the page are counted. @default true without a cursor, false with one */
  count?: boolean;
}

/** Parameters of `columns`. */
export interface ColumnQuery<N extends RecordName, S extends FieldName<N> = FieldName<N>> extends RowQuery<
  N,
  S
> {
  /** Maximum number of rows. @default no limit */
  limit?: number;
}

/** Parameters of `streamColumns`. */
export interface StreamQuery<N extends RecordName, S extends FieldName<N> = FieldName<N>> extends ColumnQuery<
  N,
  S
> {
  /** Maximum number of rows in a batch. @default 10,000 (rows) */
  batchRows?: number;
}

/** Parameters of `stream`. */
export interface RowStreamQuery<
  N extends RecordName,
  S extends FieldName<N> = FieldName<N>,
  I extends InstantForm = 'date',
>
  extends StreamQuery<N, S>, ObjectQuery<I> {}

/** Parameters of `find` for feature sets. */
export type SetQuery = Omit<PageQuery<'features'>, 'select' | 'instants'>;

/** Parameters of `find` for a record of any name, without the compiler's check of its fields. */
export interface QueryParams extends Omit<PageQuery<RecordName>, 'filters' | 'select'> {
  filters?: Readonly<Record<string, string>>;
}

type InstantsAsNumbers<R> = { [K in keyof R]: R[K] extends infer V ? (V extends Date ? number : V) : never };

type SelectedFields<N extends RecordName, S extends FieldName<N>, E extends boolean> = Pick<
  RecordRow<N, E>,
  S & keyof RecordRow<N, E>
>;

/** A row with the selected fields only. */
export type SelectedRow<
  N extends RecordName,
  S extends FieldName<N>,
  E extends boolean,
  I extends InstantForm = 'date',
> = I extends 'number' ? InstantsAsNumbers<SelectedFields<N, S, E>> : SelectedFields<N, S, E>;
