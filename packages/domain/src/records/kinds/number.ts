import { isMapOfOwn } from '../../arguments.js';
import type { KindRules, SameTypes } from './kind.js';
import { asIs, Invalid } from './kind.js';

export interface FloatField {
  readonly kind: 'float32' | 'float64';
  readonly min?: number;
  readonly max?: number;
  /** Added to the reason when a value is outside the limits. */
  readonly hint?: string;
  readonly nullable?: boolean;
}

export interface Uint64Field {
  readonly kind: 'uint64';
  /** Type of output values. @default number while it is safe, else the read fails */
  readonly read?: 'bigint';
}

const UINT64_MAX = (1n << 64n) - 1n;

type NumberArray = Uint8Array | Uint16Array | Uint32Array;

const uintKind = <A extends NumberArray>(
  max: number,
  toArray: (values: readonly number[]) => A,
): KindRules<unknown, number, SameTypes<number, A>> => ({
  toCanonical: (value) =>
    typeof value === 'number' && Number.isInteger(value) && value >= 0 && value <= max
      ? value + 0
      : new Invalid(`must be a whole number from 0 to ${max}`),
  toOutput: asIs,
  toColumn: toArray,
  toJson: asIs,
  fromJson: (json) => (/^\d{1,10}$/.test(json) ? Number(json) : json),
});

export const uint8Kind = uintKind(0xff, (values) => Uint8Array.from(values));
export const uint16Kind = uintKind(0xffff, (values) => Uint16Array.from(values));
export const uint32Kind = uintKind(0xffffffff, (values) => Uint32Array.from(values));

export interface Uint64Types {
  input: number | bigint;
  output: number;
  exact: bigint;
  column: Float64Array;
  exactColumn: BigUint64Array;
}

export const uint64Kind: KindRules<Uint64Field, bigint, Uint64Types> = {
  toCanonical(value) {
    if (typeof value === 'bigint' && value >= 0n && value <= UINT64_MAX) return value;
    if (typeof value === 'number' && Number.isSafeInteger(value) && value >= 0) return BigInt(value);
    return new Invalid(
      typeof value === 'number' && value > Number.MAX_SAFE_INTEGER
        ? 'must be a bigint above 9007199254740991'
        : `must be a whole number from 0 to ${UINT64_MAX}`,
    );
  },
  toOutput(value, { read }, exact) {
    if (exact || read === 'bigint') return value;
    return value <= BigInt(Number.MAX_SAFE_INTEGER)
      ? Number(value)
      : new Invalid('is above 9007199254740991: read it with exact');
  },
  toColumn(values, { read }, exact) {
    if (exact || read === 'bigint') return BigUint64Array.from(values);
    return values.some((value) => value > BigInt(Number.MAX_SAFE_INTEGER))
      ? new Invalid('is above 9007199254740991: read it with exact')
      : Float64Array.from(values, Number);
  },
  toJson: String,
  fromJson: (json) => (/^\d{1,20}$/.test(json) ? BigInt(json) : json),
};

/** Rules of both float widths; `float32` keeps what 32 bits keep. */
const floatRules: Omit<KindRules<FloatField, number>, 'toColumn' | 'types'> = {
  toCanonical(value, field) {
    if (typeof value !== 'number') return new Invalid('must be a number');
    const float = (field.kind === 'float32' ? Math.fround(value) : value) + 0;
    if (!Number.isFinite(float)) {
      const orNull = field.nullable ? ', or null where there is no value' : '';
      return new Invalid(`must be finite as ${field.kind}${orNull}`);
    }
    if (float === 0 && value !== 0) return new Invalid(`is too small for ${field.kind}`);
    const { min = -Infinity, max = Infinity, hint } = field;
    if (value < min || value > max) return new Invalid(outside(min, max) + (hint ? `: ${hint}` : ''));
    return float;
  },
  toOutput: asIs,
  toJson: asIs,
  fromJson: (json) => (json.trim() === '' ? json : Number(json)),
};

export const float32Kind: KindRules<FloatField, number, SameTypes<number, Float32Array>> = {
  ...floatRules,
  toColumn: (values) => Float32Array.from(values),
};

export const float64Kind: KindRules<FloatField, number, SameTypes<number, Float64Array>> = {
  ...floatRules,
  toColumn: (values) => Float64Array.from(values),
};

const outside = (min: number, max: number): string =>
  max === Infinity ? `must be at least ${min}` : `must lie between ${min} and ${max}`;

export interface NumbersTypes extends SameTypes<Record<string, number>> {
  input: Readonly<Record<string, number>>;
}

export const numbersKind: KindRules<unknown, Readonly<Record<string, number>>, NumbersTypes> = {
  toCanonical(value) {
    if (!isMapOfOwn(value)) return new Invalid('must be a map of numbers');
    const numbers = { ...value } as Record<string, number>;
    for (const name of Object.keys(numbers)) {
      const number: unknown = numbers[name];
      if (!name.isWellFormed()) return new Invalid('every name must be well-formed Unicode');
      if (typeof number !== 'number' || !Number.isFinite(number)) {
        return new Invalid(`${JSON.stringify(name)} must be a finite number`);
      }
      if (Object.is(number, -0)) numbers[name] = 0;
    }
    return numbers;
  },
  toOutput: (value) => ({ ...value }),
  toColumn: (values) => values.map((value) => ({ ...value })),
  toJson: asIs,
  fromJson: asIs,
};

export const MIN_INSTANT = Date.UTC(1900, 0, 1);
export const MAX_INSTANT = Date.UTC(2299, 11, 31, 23, 59, 59, 999);

/**
 * Numbers in this range are seconds from July 1979 to March 2049. As milliseconds they would lie between 4 and 29 January
 * 1970, for which no market data in UTC exists. A `Date` can give an instant of those days.
 */
export const SECONDS = { from: 300_000_000, to: 2_500_000_000 } as const;
/** Smallest number that is taken as microseconds: as milliseconds it lies far beyond the year 2299. */
const FIRST_MICROSECONDS = 1e14;
const FIRST_NANOSECONDS = 1e17;

/** Form of the instants in rows: `Date`, or a number of epoch milliseconds. */
export type InstantForm = 'date' | 'number';

export interface InstantTypes {
  input: Date | number;
  output: Date;
  exact: Date;
  /** Epoch milliseconds. */
  column: Float64Array;
  /** Epoch milliseconds. */
  exactColumn: BigInt64Array;
}

export const instantKind: KindRules<unknown, number, InstantTypes> = {
  toCanonical(value) {
    const isDate = value instanceof Date;
    const ms = isDate ? value.getTime() : value;
    if (typeof ms !== 'number' || Number.isNaN(ms)) {
      const isBigint = typeof value === 'bigint';
      const hint = isBigint ? (unitHint(Number(value)) ?? ': give a number') : '';
      return new Invalid(`must be a valid Date or epoch milliseconds${hint}`);
    }
    const hint = isDate ? undefined : unitHint(ms);
    if (hint !== undefined) return new Invalid(`must be epoch milliseconds${hint}`);
    if (!Number.isInteger(ms)) return new Invalid('must be whole milliseconds');
    if (ms < MIN_INSTANT || ms > MAX_INSTANT) return new Invalid('must lie in the years 1900 to 2299');
    return ms + 0;
  },
  toOutput: (value) => new Date(value),
  toColumn: (values, _, exact) => (exact ? BigInt64Array.from(values, BigInt) : Float64Array.from(values)),
  toJson: (value) => new Date(value).toISOString(),
  fromJson: (json) => new Date(json),
};

/** Returns the unit that a number seems to have; undefined when it may be epoch milliseconds. */
function unitHint(time: number): string | undefined {
  const looksLike = (unit: string, factor: string) => `: it looks like ${unit}, ${factor}`;
  if (time >= SECONDS.from && time <= SECONDS.to) return looksLike('seconds', 'multiply by 1000');
  if (time >= FIRST_NANOSECONDS) return looksLike('nanoseconds', 'divide by 1000000');
  if (time >= FIRST_MICROSECONDS) return looksLike('microseconds', 'divide by 1000');
  return undefined;
}
