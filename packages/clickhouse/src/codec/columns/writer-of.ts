import type { Canonical, Field } from '@quantumtrade/dal-domain';
import type { ColumnWriter } from './column-writer.js';
import { DecimalWriter } from './decimals.js';
import { DictionaryWriter } from './dictionary.js';
import { FloatWriter } from './floats.js';
import { InstantWriter } from './instants.js';
import { UInt64Writer, UIntWriter } from './integers.js';
import { NullableWriter } from './nullable.js';
import { NumbersByNameWriter } from './numbers-by-name.js';
import { MetadataWriter, StringWriter } from './strings.js';
import { TextsWriter } from './texts.js';
import { UuidWriter } from './uuids.js';
import { VersionWriter } from './versions.js';
import { WideDecimalWriter } from './wide-decimals.js';

/** A field of a table: one that may be without a value, as the fields of records never are, or the version of a row. */
export type ColumnField = (Field & { readonly nullable?: boolean }) | VersionField;

export interface VersionField {
  readonly kind: 'version';
  readonly nullable?: false;
}

export function writerOf(field: ColumnField): ColumnWriter {
  if (field.kind === 'version') return new VersionWriter();
  return field.nullable ? new NullableWriter(field, plainWriter(field), filler(field)) : plainWriter(field);
}

function plainWriter(field: Field): ColumnWriter {
  switch (field.kind) {
    case 'symbol':
    case 'label':
      return new DictionaryWriter(field);
    case 'id':
    case 'text':
      return new StringWriter(field);
    case 'metadata':
      return new MetadataWriter(field);
    case 'instant':
      return new InstantWriter(field);
    case 'decimal':
      return field.precision === 38 ? new WideDecimalWriter(field) : new DecimalWriter(field);
    case 'uint8':
      return new UIntWriter(field, 8);
    case 'uint16':
      return new UIntWriter(field, 16);
    case 'uint32':
      return new UIntWriter(field, 32);
    case 'uint64':
      return new UInt64Writer(field);
    case 'float32':
    case 'float64':
      return new FloatWriter(field);
    case 'uuid':
      return new UuidWriter(field);
    case 'texts':
      return new TextsWriter(field);
    case 'numbers':
      return new NumbersByNameWriter(field);
  }
}

/** What stands in a row without a value. */
function filler(field: Field): Canonical {
  switch (field.kind) {
    case 'decimal':
    case 'uint64':
      return 0n;
    case 'uuid':
      return '00000000-0000-0000-0000-000000000000';
    case 'symbol':
    case 'label':
    case 'id':
    case 'text':
      return '';
    case 'metadata':
      return '{}';
    case 'texts':
      return [];
    case 'numbers':
      return {};
    default:
      return 0;
  }
}
