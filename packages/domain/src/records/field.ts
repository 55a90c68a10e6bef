import type { DecimalPrecision, Rounding } from './decimal.js';
import { decimalToNumber, formatDecimal, parseDecimal } from './decimal.js';
import { isPlainObject } from './row-keys.js';

/**
 * One field of a record: its kind and its limits.
 *
 * | kind | meaning |
 * |---|---|
 * | `symbol` | instrument name, 1 to 64 characters, no control or invisible characters, no surrounding blanks |
 * | `label` | a name out of few: source, strategy, regime, model; 1 to 256 characters, none of them control or invisible |
 * | `id` | a name out of many, likewise |
 * | `text` | free text, may be empty, up to 65,536 characters |
 * | `metadata` | text that is a JSON object of strings, up to 65,536 characters |
 * | `instant` | a moment in UTC with millisecond precision, 1900 to 2299: a `Date`, or epoch milliseconds as a number. A number that can only be seconds (see {@link SECONDS}), microseconds or nanoseconds is refused with a hint; a `Date` never is |
 * | `decimal` | 18 digits, or as many as `precision` says, 8 of them after the point |
 * | `uint8` … `uint64` | whole numbers; a `uint64` reads as number while safe unless `read: 'bigint'` |
 * | `float32`, `float64` | finite numbers; `float32` keeps what 32 bits keep |
 * | `uuid` | lower-case UUID |
 * | `texts` | list of strings |
 * | `numbers` | map of finite numbers by name |
 */
export type Field = (
  | { kind: 'symbol' | 'label' | 'id' | 'text' | 'metadata' | 'instant' | 'uuid' | 'texts' | 'numbers' }
  | DecimalField
  | { kind: 'uint8' | 'uint16' | 'uint32' }
  | { kind: 'uint64'; read?: 'bigint' }
  | FloatField
) & {
  /** Whether a row may be without a value: `null`, or undefined where it is given. */
  readonly nullable?: boolean;
};

export interface DecimalField {
  readonly kind: 'decimal';
  /** Digits in all. Default is 18. */
  readonly precision?: DecimalPrecision;
  readonly min?: 0;
}

export interface FloatField {
  readonly kind: 'float32' | 'float64';
  readonly min?: number;
  readonly max?: number;
  /** What a value outside the limits may have been meant to be. */
  readonly hint?: string;
}

/**
 * The one form in which both adapters hold a value: instants are epoch milliseconds, decimals are units of 10^-8,
 * 64-bit integers are bigints, 32-bit floats are already rounded to 32 bits.
 */
export type Canonical = string | number | bigint | readonly string[] | Readonly<Record<string, number>>;

/** Why a value was refused. */
export class Invalid {
  constructor(readonly reason: string) {}
}

export const MIN_INSTANT = Date.UTC(1900, 0, 1);
export const MAX_INSTANT = Date.UTC(2299, 11, 31, 23, 59, 59, 999);

/**
 * Numbers in this range are seconds, from July 1979 to March 2049. As milliseconds they would lie between 4 and 29 January
 * 1970, of which nobody has market data in UTC; an instant of those days can be given as a `Date`.
 */
export const SECONDS = { from: 300_000_000, to: 2_500_000_000 } as const;
/** From here on numbers are microseconds, and from there on nanoseconds: as milliseconds they lie far beyond the year 2299. */
const FIRST_MICROSECONDS = 1e14;
const FIRST_NANOSECONDS = 1e17;

const UINT_LIMIT = { uint8: 0xff, uint16: 0xffff, uint32: 0xffffffff } as const;
const UINT64_LIMIT = (1n << 64n) - 1n;
const TEXT_LIMIT = { symbol: 64, label: 256, id: 256, text: 65_536 } as const;
const UUID = /^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$/i;
const PRINTABLE = /^[\x20-\x7e]*$/;
const INVISIBLE = /[\p{Cc}\p{Cf}]/u;

/**
 * Checks a value against its field and brings it into canonical form. This is the only judge of what a field accepts. A value
 * that throws when it is looked at, as a proxy may, is refused, too. With `rounding`, a decimal string may have more digits
 * after the point than are kept.
 */
export function toCanonicalField(
  field: Field,
  value: unknown,
  rounding?: Rounding,
): Canonical | null | Invalid {
  try {
    return judge(field, value, rounding);
  } catch {
    return new Invalid('cannot be read');
  }
}

function judge(field: Field, value: unknown, rounding: Rounding | undefined): Canonical | null | Invalid {
  if (value === undefined || value === null) return field.nullable ? null : new Invalid('is required');
  switch (field.kind) {
    case 'symbol':
    case 'label':
    case 'id':
    case 'text':
      return canonicalText(field.kind, value);
    case 'metadata':
      return canonicalMetadata(value);
    case 'instant':
      return canonicalInstant(value);
    case 'decimal':
      return canonicalDecimal(field, value, rounding);
    case 'uint8':
    case 'uint16':
    case 'uint32': {
      const max = UINT_LIMIT[field.kind];
      if (typeof value === 'number' && Number.isInteger(value) && value >= 0 && value <= max)
        return value + 0;
      return new Invalid(`must be a whole number from 0 to ${max}`);
    }
    case 'uint64':
      return canonicalUint64(value);
    case 'float32':
    case 'float64':
      return canonicalFloat(field, value);
    case 'uuid':
      return typeof value === 'string' && UUID.test(value)
        ? value.toLowerCase()
        : new Invalid('must be a UUID');
    case 'texts':
      if (!Array.isArray(value)) return new Invalid('must be a list of strings');
      for (const item of value) {
        const text = canonicalText('text', item);
        if (text instanceof Invalid) return new Invalid(`every item ${text.reason}`);
      }
      return [...(value as string[])];
    case 'numbers':
      return canonicalNumbers(value);
  }
}

function canonicalText(kind: keyof typeof TEXT_LIMIT, value: unknown): string | Invalid {
  if (kind === 'text') return canonicalFreeText(value);
  const reason = refusalOfName(value, TEXT_LIMIT[kind]);
  if (reason !== undefined) return new Invalid(reason);
  if (kind === 'symbol' && (value as string).trim() !== value) {
    return new Invalid('must not begin or end with blanks');
  }
  return value as string;
}

function canonicalFreeText(value: unknown): string | Invalid {
  if (typeof value !== 'string') return new Invalid('must be a string');
  if (value.length > TEXT_LIMIT.text) return new Invalid(`must have at most ${TEXT_LIMIT.text} characters`);
  return value.isWellFormed() ? value : new Invalid('must be well-formed Unicode');
}

/** Why a value does not name anything: it is no text, empty, too long, or has characters that nobody sees; undefined if it does. */
export function refusalOfName(value: unknown, maxLength: number): string | undefined {
  if (typeof value !== 'string') return 'must be a string';
  if (value === '') return 'must not be empty';
  if (value.length > maxLength) return `must have at most ${maxLength} characters`;
  // Nearly all names are ASCII, of which this is several times as fast.
  if (PRINTABLE.test(value)) return undefined;
  if (!value.isWellFormed()) return 'must be well-formed Unicode';
  return INVISIBLE.test(value) ? 'must not contain control or invisible characters' : undefined;
}

function canonicalMetadata(value: unknown): string | Invalid {
  const text = canonicalText('text', value);
  if (text instanceof Invalid || parseMetadata(text)) return text;
  return new Invalid('must be a JSON object of strings');
}

/** What a text of metadata says, or undefined when it is no JSON object of strings. */
export function parseMetadata(text: string): Record<string, string> | undefined {
  try {
    const value: unknown = JSON.parse(text);
    const isRight = isPlainMap(value) && Object.values(value).every((item) => typeof item === 'string');
    return isRight ? (value as Record<string, string>) : undefined;
  } catch {
    return undefined;
  }
}

function canonicalInstant(value: unknown): number | Invalid {
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
}

/** What a number that is no epoch milliseconds looks like; undefined for one that may be. */
function unitHint(time: number): string | undefined {
  const looksLike = (unit: string, factor: string) => `: it looks like ${unit}, ${factor}`;
  if (time >= SECONDS.from && time <= SECONDS.to) return looksLike('seconds', 'multiply by 1000');
  if (time >= FIRST_NANOSECONDS) return looksLike('nanoseconds', 'divide by 1000000');
  if (time >= FIRST_MICROSECONDS) return looksLike('microseconds', 'divide by 1000');
  return undefined;
}

function canonicalDecimal(
  { precision, min }: DecimalField,
  value: unknown,
  rounding: Rounding | undefined,
): bigint | Invalid {
  const units = parseDecimal(value, precision, rounding);
  if (typeof units === 'string') return new Invalid(units);
  return min !== undefined && units < 0n ? new Invalid('must not be negative') : units;
}

function canonicalUint64(value: unknown): bigint | Invalid {
  if (typeof value === 'bigint' && value >= 0n && value <= UINT64_LIMIT) return value;
  if (typeof value === 'number' && Number.isSafeInteger(value) && value >= 0) return BigInt(value);
  return new Invalid(
    typeof value === 'number' && value > Number.MAX_SAFE_INTEGER
      ? 'must be a bigint above 9007199254740991'
      : `must be a whole number from 0 to ${UINT64_LIMIT}`,
  );
}

function canonicalFloat(field: FloatField & Pick<Field, 'nullable'>, value: unknown): number | Invalid {
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
}

const outside = (min: number, max: number): string =>
  max === Infinity ? `must be at least ${min}` : `must lie between ${min} and ${max}`;

/** Whether a value is an object of names and values; an array, a Map or a Date is not. */
export function isPlainMap(value: unknown): value is Readonly<Record<string, unknown>> {
  try {
    return Object.prototype.toString.call(value) === '[object Object]';
  } catch {
    return false;
  }
}

/** Likewise, but none of a class: what such an object has beside its own entries would be lost. */
export function isMapOfOwn(value: unknown): value is Readonly<Record<string, unknown>> {
  try {
    return isPlainMap(value) && isPlainObject(value);
  } catch {
    return false;
  }
}

function canonicalNumbers(value: unknown): Record<string, number> | Invalid {
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
}

/**
 * A canonical value as a reader sees it. With `exact`, decimals are strings and 64-bit integers are bigints; without,
 * both are numbers, and a value that no number stands for is refused instead of rounded.
 */
export function toOutputField(field: Field, value: Canonical | null, exact: boolean): unknown {
  if (value === null) return null;
  switch (field.kind) {
    case 'instant':
      return new Date(value as number);
    case 'decimal':
      if (exact) return formatDecimal(value as bigint);
      return (
        decimalToNumber(value as bigint) ??
        new Invalid('has more digits than a number holds: read it with exact')
      );
    case 'uint64':
      if (exact || field.read === 'bigint') return value;
      return (value as bigint) <= BigInt(Number.MAX_SAFE_INTEGER)
        ? Number(value)
        : new Invalid('is above 9007199254740991: read it with exact');
    case 'texts':
      return [...(value as readonly string[])];
    case 'numbers':
      return { ...(value as Readonly<Record<string, number>>) };
    default:
      return value;
  }
}

/** A canonical value as JSON: decimals and 64-bit integers as strings, instants in ISO 8601. */
export function fieldToJson(field: Field, value: Canonical | null): unknown {
  if (value === null) return null;
  switch (field.kind) {
    case 'instant':
      return new Date(value as number).toISOString();
    case 'decimal':
      return formatDecimal(value as bigint);
    case 'uint64':
      return String(value);
    default:
      return value;
  }
}

/** Turns the JSON (or command line) form of a value into one that {@link toCanonicalField} judges. */
export function fieldFromJson(field: Field, json: unknown): unknown {
  if (typeof json !== 'string') return json;
  switch (field.kind) {
    case 'instant':
      return new Date(json);
    case 'uint64':
      return /^\d{1,20}$/.test(json) ? BigInt(json) : json;
    case 'uint8':
    case 'uint16':
    case 'uint32':
      return /^\d{1,10}$/.test(json) ? Number(json) : json;
    case 'float32':
    case 'float64':
      return json.trim() === '' ? json : Number(json);
    default:
      return json;
  }
}
