import type { DictionaryColumn, Field, FieldKind } from '@quantumtrade/dal-domain';
import { DECIMAL_SCALE, toTextDictionary } from '@quantumtrade/dal-domain';
import {
  Decimal,
  Float32,
  Float64,
  TimestampMillisecond,
  Uint16,
  Uint32,
  Uint64,
  Uint8,
  Utf8,
} from 'apache-arrow';
import type { DataType } from 'apache-arrow';
import { numberMapBuffers, numberMapType, textListBuffers, textListType } from './nested.js';
import { decimalWords, instantValues, uint64Values } from './numbers.js';
import { DictionaryEncoder, textBuffers } from './texts.js';

/** Converts the columns of one field, batch by batch, to the buffers of its Arrow type. */
export interface FieldEncoder {
  readonly type: DataType;
  /** Buffers besides the validity bitmap, as members of the argument of `makeData`. A value that is null may have any form. */
  buffers(column: never): object;
}

interface NumberArray<A> {
  new (): A;
  from(values: ArrayLike<number>): A;
}

/** Numbers whose column is already what Arrow has; it is not copied. */
const numbers =
  <A>(type: () => DataType, array: NumberArray<A>) =>
  (): FieldEncoder => ({
    type: type(),
    buffers: (column: A | readonly number[]) => ({
      data: column instanceof array ? column : array.from(column as readonly number[]),
    }),
  });

const texts = (): FieldEncoder => ({ type: new Utf8(), buffers: textBuffers });

function repeatedTexts(_: Field, position: number): FieldEncoder {
  const encoder = new DictionaryEncoder(position);
  return {
    type: encoder.type,
    buffers: (column: DictionaryColumn | ReadonlyArray<string | null>) =>
      encoder.buffers('dictionary' in column ? column : toTextDictionary(column.map((text) => text ?? ''))),
  };
}

/** Encoder of each kind of field. */
const KINDS: Readonly<Record<FieldKind, (field: Field, position: number) => FieldEncoder>> = {
  symbol: repeatedTexts,
  label: repeatedTexts,
  id: texts,
  text: texts,
  metadata: texts,
  uuid: texts,
  texts: () => ({ type: textListType(), buffers: textListBuffers }),
  numbers: () => ({ type: numberMapType(), buffers: numberMapBuffers }),
  instant: () => ({
    type: new TimestampMillisecond('UTC'),
    buffers: (column: Parameters<typeof instantValues>[0]) => ({ data: instantValues(column) }),
  }),
  decimal: (field) => ({
    type: new Decimal(DECIMAL_SCALE, ('precision' in field && field.precision) || 18),
    buffers: (column: Parameters<typeof decimalWords>[0]) => ({ data: decimalWords(column) }),
  }),
  uint8: numbers(() => new Uint8(), Uint8Array),
  uint16: numbers(() => new Uint16(), Uint16Array),
  uint32: numbers(() => new Uint32(), Uint32Array),
  uint64: () => ({
    type: new Uint64(),
    buffers: (column: Parameters<typeof uint64Values>[0]) => ({ data: uint64Values(column) }),
  }),
  float32: numbers(() => new Float32(), Float32Array),
  float64: numbers(() => new Float64(), Float64Array),
};

/** Returns a new encoder of a field, for one read. `position`: of the field in the schema. */
export const encoderOf = (field: Field, position: number): FieldEncoder => KINDS[field.kind](field, position);
