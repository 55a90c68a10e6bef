import type { Canonical, DecimalField, Field } from '@quantumtrade/dal-domain';
import { DECIMAL_SCALE, formatDecimal } from '@quantumtrade/dal-domain';
import type { ColumnWriter, RoundedRows } from './columns/column-writer.js';
import { DecimalWriter, WideDecimalWriter } from './columns/decimals.js';
import { NullableWriter, NumbersByNameWriter, TextsWriter } from './columns/nested.js';
import { FloatWriter } from './columns/floats.js';
import { InstantWriter, UInt64Writer, UIntWriter, VersionWriter } from './columns/integers.js';
import { MetadataWriter, StringWriter, UuidWriter } from './columns/strings.js';
import { DictionaryWriter } from './columns/texts.js';
import { decimalKindReader } from './read/decimal-reader.js';
import type { KindReader } from './read/kind-reader.js';
import {
  instantKindReader,
  listKindReader,
  mapKindReader,
  numberKindReader,
  uint64KindReader,
  uuidKindReader,
} from './read/kind-readers.js';
import { repeatedTextKindReader, textKindReader } from './read/text-readers.js';

/** How the values of one kind of field travel to the engine and back. */
interface Kind<F extends Field> {
  /** ClickHouse type of a bound value and, but for `LowCardinality`, of a column. */
  readonly type: string | ((field: F) => string);
  /** Creates the column of a block that is written. */
  readonly createWriter: (field: F, rounded: RoundedRows | undefined) => ColumnWriter;
  /** Converts columns of blocks that are read. */
  readonly reader: KindReader<F>;
  /** Value that stands in rows of a nullable column that have none. */
  readonly filler: Canonical;
  /** Converts a canonical value to the form of a bound parameter. @default the value itself */
  readonly toParameter?: (value: Canonical) => unknown;
}

type KindTable = { readonly [K in Field['kind']]: Kind<Extract<Field, { kind: K }>> };

const createDictionary = (field: Field) => new DictionaryWriter(field);
const createText = (field: Field) => new StringWriter(field);

/** The kinds of fields, one row each. */
const KINDS: KindTable = {
  symbol: { type: 'String', createWriter: createDictionary, reader: repeatedTextKindReader, filler: '' },
  label: { type: 'String', createWriter: createDictionary, reader: repeatedTextKindReader, filler: '' },
  id: { type: 'String', createWriter: createText, reader: textKindReader, filler: '' },
  text: { type: 'String', createWriter: createText, reader: textKindReader, filler: '' },
  metadata: {
    type: 'String',
    createWriter: (field) => new MetadataWriter(field),
    reader: textKindReader,
    filler: '{}',
  },
  uuid: {
    type: 'UUID',
    createWriter: (field) => new UuidWriter(field),
    reader: uuidKindReader,
    filler: '00000000-0000-0000-0000-000000000000',
  },
  texts: {
    type: 'Array(String)',
    createWriter: (field) => new TextsWriter(field),
    reader: listKindReader,
    filler: [],
  },
  numbers: {
    type: 'Map(String, Float64)',
    createWriter: (field) => new NumbersByNameWriter(field),
    reader: mapKindReader,
    filler: {},
  },
  uint8: {
    type: 'UInt8',
    createWriter: (field) => new UIntWriter(field, 8),
    reader: numberKindReader(Uint8Array),
    filler: 0,
  },
  uint16: {
    type: 'UInt16',
    createWriter: (field) => new UIntWriter(field, 16),
    reader: numberKindReader(Uint16Array),
    filler: 0,
  },
  uint32: {
    type: 'UInt32',
    createWriter: (field) => new UIntWriter(field, 32),
    reader: numberKindReader(Uint32Array),
    filler: 0,
  },
  uint64: {
    type: 'UInt64',
    createWriter: (field) => new UInt64Writer(field),
    reader: uint64KindReader,
    filler: 0n,
    toParameter: String,
  },
  float64: {
    type: 'Float64',
    createWriter: (field) => new FloatWriter(field),
    reader: numberKindReader(Float64Array),
    filler: 0,
  },
  float32: {
    type: 'Float32',
    createWriter: (field) => new FloatWriter(field),
    reader: numberKindReader(Float32Array),
    filler: 0,
  },
  decimal: {
    type: decimalType,
    createWriter: (field, rounded) =>
      field.precision === 38
        ? new WideDecimalWriter(field, decimalType(field), rounded)
        : new DecimalWriter(field, decimalType(field), rounded),
    reader: decimalKindReader,
    filler: 0n,
    toParameter: (value) => formatDecimal(value as bigint),
  },
  instant: {
    type: "DateTime64(3, 'UTC')",
    createWriter: (field) => new InstantWriter(field),
    reader: instantKindReader,
    filler: 0,
    toParameter: (value) => new Date(value as number).toISOString(),
  },
};

/** As the engine prints it. */
function decimalType({ precision = 18 }: DecimalField): string {
  return `Decimal(${precision}, ${DECIMAL_SCALE})`;
}

const kindOf = <F extends Field>(field: F): Kind<Field> => KINDS[field.kind] as unknown as Kind<Field>;

/** A field of a table: one of a record, which may be nullable, or the version of a row. */
export type TableField = (Field & { readonly nullable?: boolean }) | VersionField;

export interface VersionField {
  readonly kind: 'version';
  readonly nullable?: false;
}

/** Creates the column of a field. Its rounded rows are added to `rounded`. */
export function createColumnWriter(field: TableField, rounded?: RoundedRows): ColumnWriter {
  if (field.kind === 'version') return new VersionWriter();
  const { createWriter, filler } = kindOf(field);
  const writer = createWriter(field, rounded);
  return field.nullable ? new NullableWriter(field, writer, filler) : writer;
}

/** Returns what converts the columns of a field that are read. */
export const kindReaderOf = (field: Field): KindReader => kindOf(field).reader;

/** Returns the ClickHouse type of a bound value of a field. */
export function parameterTypeOf(field: Field): string {
  const { type } = kindOf(field);
  const name = typeof type === 'string' ? type : type(field);
  return field.nullable ? `Nullable(${name})` : name;
}

/** Returns the function that converts canonical values to bound parameters; undefined where they are bound as they are. */
export const parameterConverterOf = (field: Field): ((value: Canonical) => unknown) | undefined =>
  kindOf(field).toParameter;

/** Converts a canonical value to the form of a bound parameter. */
export function toParameter(field: Field, value: Canonical): unknown {
  const convert = parameterConverterOf(field);
  return convert ? convert(value) : value;
}

/** Returns the expression of an instant that is bound as epoch milliseconds. */
export const boundInstant = (name: string): string => `fromUnixTimestamp64Milli({${name}:Int64}, 'UTC')`;
