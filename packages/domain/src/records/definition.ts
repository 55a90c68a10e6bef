import type { Field, ValuesOf } from './field.js';
import type { Rounding } from './kinds/kind.js';

/**
 * Defines one record. Types, input checks, JSON, cache keys, repositories and the columns of the adapters are derived from
 * the definition.
 */
export interface RecordDefinition {
  /** Name of the record in the API and first part of its operations' names, e.g. `marketData.insert`. */
  readonly name: string;
  /** Name of the table, also used in error messages. */
  readonly table: string;
  /** Version of the schema from which on the table exists: the number of the migration that creates it. */
  readonly since: number;
  /** Fields in the order of the table's columns. A column is the field's name in snake_case. */
  readonly fields: Readonly<Record<string, Field>>;
  /** Fields that identify a row. They are also the order of rows on disk. */
  readonly key: readonly string[];
  /** Field of the key that identifies a row to callers. Present if the repository has a method `findById`. */
  readonly identifier?: string;
  /** Decides what a write of an existing key does. */
  readonly versioning: Versioning;
  /** Form of a batch of rows. A batch of columns has the same form for every record. */
  readonly batch: RowBatchDefinition | SetBatchDefinition;
  /**
   * Patterns of the read-through cache keys that a row affects. They have at most two placeholders: fields of the record that
   * its rows give, of which every pattern has the first. Of a set, the second one is the field of the map's names.
   */
  readonly cacheKeys: readonly string[];
  /** Fields that `QueryParams.filters` may name. */
  readonly filters: readonly string[];
  /** Present if the record can be aggregated. */
  readonly aggregate?: AggregateDefinition;
  /** Present if the repository has a method `latest`. */
  readonly latest?: LatestDefinition;
  /** Present if rows fall due for evaluation. */
  readonly evaluate?: EvaluateDefinition;
}

/** `upsert`: a write of an existing key replaces its row, unless the stored version is newer. */
export type Versioning = 'upsert';

/** A batch that is an object with a list of rows. */
export interface RowBatchDefinition {
  readonly form: 'rows';
  /** Member that holds the rows. */
  readonly rows: string;
  /** Fields that the batch gives to all rows, each with the member that holds its value. */
  readonly labels: Readonly<Record<string, string>>;
  /** UUID field that a row may leave out. It is then derived from other fields: equal values give an equal UUID. */
  readonly derivedId?: { readonly field: string; readonly from: readonly string[] };
}

/** A batch that is a list of sets, each an object with a map of values. Each entry of the map becomes a row. */
export interface SetBatchDefinition {
  readonly form: 'sets';
  /** Fields that the set gives to all its rows, each with the member that holds its value. */
  readonly members: Readonly<Record<string, string>>;
  /** Member that holds the map, and the fields of its names and values. */
  readonly entries: { readonly member: string; readonly name: string; readonly value: string };
  /** Member that holds the time of the write. */
  readonly writtenAt: string;
}

export interface AggregateDefinition {
  /** Fields that an aggregation may group by. The first one is the default. */
  readonly groups: readonly string[];
  /** Numeric fields that an aggregation may summarise. The first one is the default. */
  readonly measures: readonly string[];
  /** Whether aggregates have open, high, low, close, volume and volume-weighted price, of one `source` unless combined. */
  readonly bars?: boolean;
}

export interface LatestDefinition {
  /** Field whose value the caller gives. */
  readonly by: string;
  /** `rows`: the newest rows up to a limit. `row`: the newest row or null. */
  readonly returns: 'rows' | 'row';
}

export interface EvaluateDefinition {
  /** Field with the minutes after which a row falls due. */
  readonly horizon: string;
  /** Record that holds the evaluations, under the key of the evaluated row. */
  readonly outcomes: string;
}

type Fields<D extends RecordDefinition> = D['fields'];

type OrNull<F extends Field> = F extends { nullable: true } ? null : never;

type Output<F extends Field, E extends boolean> =
  | (F extends { read: 'bigint' } ? bigint : ValuesOf<F['kind']>[E extends true ? 'exact' : 'output'])
  | OrNull<F>;

type Input<F extends Field> = ValuesOf<F['kind']>['input'] | OrNull<F>;

/** A record as readers get it. With `E = true`, decimals are exact strings and 64-bit integers are bigints. */
export type RecordOf<D extends RecordDefinition, E extends boolean = false> = {
  -readonly [K in keyof Fields<D>]: Output<Fields<D>[K], E>;
};

type NullableKeys<D extends RecordDefinition> = {
  [K in keyof Fields<D>]: Fields<D>[K] extends { nullable: true } ? K : never;
}[keyof Fields<D>];

/**
 * A record as writers give it: decimals as numbers, exact strings or whole bigints, instants as `Date` or epoch
 * milliseconds. Nullable fields may be left out.
 */
export type InputOf<D extends RecordDefinition> = {
  readonly [K in Exclude<keyof Fields<D>, NullableKeys<D>>]: Input<Fields<D>[K]>;
} & { readonly [K in NullableKeys<D>]?: Input<Fields<D>[K]> };

/**
 * Time of a batch. Of two writes of one key the one with the later time wins, of equal times the one called later. An old
 * batch that is sent again with its time therefore never undoes a correction. A batch without a time wins over all earlier
 * writes of this process, also when it is sent again.
 *
 * A time further ahead of the clock than the backend's `maxFutureSkewMs` is refused.
 */
export type WrittenAt = Date | number;

interface BatchOptions {
  timestamp?: WrittenAt;
}

interface DecimalBatchOptions extends BatchOptions {
  /**
   * Rounds decimal strings with more than 8 digits after the point half to even, and counts their rows in `roundedCount`.
   * Without it, such rows are refused.
   */
  rounding?: Rounding;
}

type HasDecimals<D extends RecordDefinition> = 'decimal' extends Fields<D>[keyof Fields<D>]['kind']
  ? true
  : false;

type DerivedId<B> = B extends { derivedId: { field: infer F extends string } } ? F : never;

/** A row of a batch: the record without the fields that the batch gives. */
export type RowInputOf<D extends RecordDefinition> = D['batch'] extends infer B extends RowBatchDefinition
  ? Omit<InputOf<D>, keyof B['labels'] | DerivedId<B>> & {
      readonly [F in DerivedId<B> & keyof InputOf<D>]?: InputOf<D>[F];
    }
  : never;

/** A batch of rows of a record whose batch has the form `rows`. */
export type BatchOf<D extends RecordDefinition> = D['batch'] extends infer B extends RowBatchDefinition
  ? { [M in B['rows']]: readonly RowInputOf<D>[] } & {
      -readonly [F in keyof B['labels'] as B['labels'][F]]: string;
    } & (HasDecimals<D> extends true ? DecimalBatchOptions : BatchOptions)
  : never;
