import type { Canonical, DecimalField, Field, RecordDefinition, Row } from '@quantumtrade/dal-domain';
import { columnOf, DECIMAL_SCALE, formatDecimal } from '@quantumtrade/dal-domain';

/** How the values of one kind of field travel: as a bound parameter, and out of a table as JSON. */
interface Codec {
  readonly type: string;
  readonly encode: (value: Canonical) => unknown;
  readonly decode: (json: unknown) => Canonical;
}

/** As the engine prints it. */
export function decimalType({ precision = 18 }: DecimalField): string {
  return `Decimal(${precision}, ${DECIMAL_SCALE})`;
}

const asIs = (type: string): Codec => ({
  type,
  encode: (value) => value,
  decode: (json) => json as Canonical,
});
const text = asIs('String');

const codecs: Readonly<Record<Field['kind'], Codec>> = {
  symbol: text,
  label: text,
  id: text,
  text,
  metadata: text,
  uuid: asIs('UUID'),
  texts: asIs('Array(String)'),
  numbers: asIs('Map(String, Float64)'),
  uint8: asIs('UInt8'),
  uint16: asIs('UInt16'),
  uint32: asIs('UInt32'),
  uint64: { type: 'UInt64', encode: String, decode: (json) => BigInt(json as string) },
  float64: { type: 'Float64', encode: (value) => value, decode: toFloat },
  // The engine prints the shortest text that stands for the 32 bits.
  float32: { type: 'Float32', encode: (value) => value, decode: (json) => Math.fround(toFloat(json)) },
  // All decimals come with their eight digits after the point.
  decimal: {
    type: decimalType({ kind: 'decimal' }),
    encode: (value) => formatDecimal(value as bigint),
    decode: (json) => BigInt((json as string).replace('.', '')),
  },
  // Out as epoch milliseconds, whatever the time zone of the server or the session.
  instant: {
    type: "DateTime64(3, 'UTC')",
    encode: (value) => new Date(value as number).toISOString(),
    decode: Number,
  },
};

/** A float as JSON; those that are no JSON number come as text. */
function toFloat(json: unknown): number {
  if (typeof json === 'number') return json;
  return json === 'inf' ? Infinity : json === '-inf' ? -Infinity : NaN;
}

/** The engine's type of a field, as a bound value and as a column (but for `LowCardinality`). */
export function typeOf(field: Field): string {
  const type = field.kind === 'decimal' ? decimalType(field) : codecs[field.kind].type;
  return field.nullable ? `Nullable(${type})` : type;
}

export const encodeField = (field: Field, value: Canonical): unknown => codecs[field.kind].encode(value);

export const decodeField = (field: Field, json: unknown): Canonical | null =>
  json === null ? null : codecs[field.kind].decode(json);

/** An instant bound as epoch milliseconds. */
export const instantOf = (name: string): string => `fromUnixTimestamp64Milli({${name}:Int64}, 'UTC')`;

/**
 * The expression that reads a field and the name it is read under. An instant gets a name of its own, because an alias
 * that equals a column would take its place in WHERE and ORDER BY.
 */
export function selected(
  name: string,
  field: Field,
): { readonly expression: string; readonly alias: string } {
  const column = columnOf(name);
  return field.kind === 'instant'
    ? { expression: `toUnixTimestamp64Milli(${column})`, alias: `${column}_ms` }
    : { expression: column, alias: column };
}

/** What to select so that {@link decodeRow} understands it. */
export function selectList(
  definition: RecordDefinition,
  names: readonly string[] = Object.keys(definition.fields),
): string {
  return names
    .map((name) => selected(name, definition.fields[name]!))
    .map(({ expression, alias }) => (expression === alias ? alias : `${expression} AS ${alias}`))
    .join(', ');
}

export function decodeRow(
  definition: RecordDefinition,
  json: Readonly<Record<string, unknown>>,
  names: readonly string[] = Object.keys(definition.fields),
): Row {
  const row: Record<string, Canonical | null> = {};
  for (const name of names) {
    const field = definition.fields[name]!;
    row[name] = decodeField(field, json[selected(name, field).alias]);
  }
  return row;
}
