import { ValidationError } from '../errors.js';
import type { DecimalField } from './kinds/decimal.js';
import type { Canonical, KindRules, Rounding, ValueTypes } from './kinds/kind.js';
import { decimalKind } from './kinds/decimal.js';
import { Invalid } from './kinds/kind.js';
import type { FloatField, Uint64Field } from './kinds/number.js';
import {
  float32Kind,
  float64Kind,
  instantKind,
  numbersKind,
  uint16Kind,
  uint32Kind,
  uint64Kind,
  uint8Kind,
} from './kinds/number.js';
import {
  freeTextKind,
  idKind,
  labelKind,
  metadataKind,
  symbolKind,
  textsKind,
  USUAL_SYMBOL,
  uuidKind,
} from './kinds/text.js';

interface PlainField {
  readonly kind:
    | ('symbol' | 'label' | 'id' | 'text' | 'metadata' | 'uuid' | 'texts' | 'numbers' | 'instant')
    | ('uint8' | 'uint16' | 'uint32');
}

/**
 * One field of a record: its kind and its limits.
 *
 * | kind | meaning |
 * |---|---|
 * | `symbol` | name of an instrument: 1 to 64 characters, none of them control or invisible, no surrounding blanks |
 * | `label` | name with few values, such as source, strategy, regime, model: 1 to 256 characters, none control or invisible |
 * | `id` | name with many values, with the limits of a label |
 * | `text` | free text of 0 to 65,536 characters |
 * | `metadata` | text that is a JSON object of strings, up to 65,536 characters |
 * | `instant` | instant in UTC with millisecond precision, 1900 to 2299, as `Date` or epoch milliseconds. A number that can only be seconds (see `SECONDS`), microseconds or nanoseconds is refused with a hint; a `Date` never is |
 * | `decimal` | 18 digits, or as many as `precision` says, 8 of them after the point |
 * | `uint8` to `uint64` | whole numbers; a `uint64` reads as number while safe unless `read: 'bigint'` |
 * | `float32`, `float64` | finite numbers; `float32` keeps what 32 bits keep |
 * | `uuid` | lower-case UUID |
 * | `texts` | list of strings |
 * | `numbers` | map of finite numbers by name |
 */
export type Field = (PlainField | DecimalField | Uint64Field | FloatField) & {
  /** Whether a row may lack a value, given as `null` or `undefined`. */
  readonly nullable?: boolean;
};

export type FieldKind = Field['kind'];

/** The table of kinds: the only place of the domain that lists them. An adapter has one more, with its own types. */
const KINDS = {
  symbol: symbolKind,
  label: labelKind,
  id: idKind,
  text: freeTextKind,
  metadata: metadataKind,
  uuid: uuidKind,
  texts: textsKind,
  numbers: numbersKind,
  instant: instantKind,
  decimal: decimalKind,
  uint8: uint8Kind,
  uint16: uint16Kind,
  uint32: uint32Kind,
  uint64: uint64Kind,
  float32: float32Kind,
  float64: float64Kind,
} satisfies Readonly<Record<FieldKind, KindRules<never, Canonical, ValueTypes>>>;

/** Types of the values of a kind: `input`, `output` and `exact`. */
export type ValuesOf<K extends FieldKind> = NonNullable<(typeof KINDS)[K]['types']>;

/** Returns the rules of a field's kind. */
export const rulesOf = ({ kind }: Field): KindRules<Field> => KINDS[kind] as unknown as KindRules<Field>;

/**
 * Checks a value against its field and converts it to canonical form. No other code decides what a field accepts. A value
 * that throws when it is read, as a proxy may, is refused too. With `rounding`, a decimal string may have more digits after
 * the point than are kept.
 */
export function toCanonicalField(
  field: Field,
  value: unknown,
  rounding?: Rounding,
): Canonical | null | Invalid {
  if (value === undefined || value === null) return field.nullable ? null : new Invalid('is required');
  try {
    return rulesOf(field).toCanonical(value, field, rounding);
  } catch {
    return new Invalid('cannot be read');
  }
}

/** Checks one value that stands outside a row and must be there; throws `ValidationError` when it is wrong. */
export function requireField(
  field: Field,
  name: string,
  value: unknown,
  operation: string,
  rounding?: Rounding,
): Canonical {
  if (field.kind === 'symbol' && typeof value === 'string' && USUAL_SYMBOL.test(value)) return value;
  const canonical = toCanonicalField(field, value, rounding);
  if (canonical instanceof Invalid) throw new ValidationError(name, canonical.reason, { operation });
  if (canonical === null) throw new ValidationError(name, 'is required', { operation });
  return canonical;
}

/**
 * Converts a canonical value for a reader. With `exact`, decimals are strings and 64-bit integers are bigints. Without, both
 * are numbers, and a value that no number equals is refused rather than rounded.
 */
export const toOutputField = (field: Field, value: Canonical | null, exact: boolean): unknown =>
  value === null ? null : rulesOf(field).toOutput(value, field, exact);

/** Converts a canonical value to JSON that loses nothing. */
export const fieldToJson = (field: Field, value: Canonical): unknown => rulesOf(field).toJson(value);

/** Converts the JSON or command-line form of a value to one that {@link toCanonicalField} checks. */
export const fieldFromJson = (field: Field, json: unknown): unknown =>
  typeof json === 'string' ? rulesOf(field).fromJson(json) : json;
