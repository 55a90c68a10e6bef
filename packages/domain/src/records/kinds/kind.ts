/**
 * Form in which both adapters hold a value: instants are epoch milliseconds, decimals are units of 10^-8, 64-bit integers are
 * bigints, 32-bit floats are rounded to 32 bits.
 */
export type Canonical = string | number | bigint | readonly string[] | Readonly<Record<string, number>>;

/** Rounding of strings with more than 8 digits after the point, where a batch allows it. */
export type Rounding = 'half-even';

/** Reason for which a value is refused. */
export class Invalid {
  constructor(readonly reason: string) {}
}

/**
 * Types of a kind's values: as writers give them, as readers get them, and as readers with `exact` get them; and of a column
 * of values that are never null, as both readers get it.
 */
export interface ValueTypes {
  input: unknown;
  output: unknown;
  exact: unknown;
  column: unknown;
  exactColumn: unknown;
}

/** Types of a kind whose values and columns are the same in all forms. */
export interface SameTypes<C, Column = C[]> extends ValueTypes {
  input: C;
  output: C;
  exact: C;
  column: Column;
  exactColumn: Column;
}

/** One row of the table of kinds. `null` and `undefined` are handled before: a kind gets neither. */
export interface KindRules<F, C extends Canonical = Canonical, V extends ValueTypes = SameTypes<C>> {
  /** Carries the types; it has no value. */
  readonly types?: V;
  /** Checks an input value and converts it. With `rounding`, decimal strings may have more digits than are kept. */
  toCanonical(value: unknown, field: F, rounding?: Rounding): C | Invalid;
  /**
   * Converts a value for a reader. With `exact`, decimals are strings and 64-bit integers are bigints. Without, both are
   * numbers, and a value that no number equals is refused rather than rounded.
   */
  toOutput(value: C, field: F, exact: boolean): unknown;
  /** Converts the values of a column that has none absent, with `exact` as above. The result can be written again. */
  toColumn(values: readonly C[], field: F, exact: boolean): V['column'] | V['exactColumn'] | Invalid;
  /** Converts a value to JSON without loss: decimals and 64-bit integers to strings, instants to ISO 8601. */
  toJson(value: C): unknown;
  /** Converts a JSON or command-line string to an input value. Values of other JSON types are input values as they are. */
  fromJson(json: string): unknown;
}

/** Returns the column of a kind whose columns are lists of its values. */
export const toList = <T>(values: readonly T[]): T[] => [...values];

/** Returns a value unchanged. */
export const asIs = <T>(value: T): T => value;
