import type { ByteInput, Reading } from './byte-input.js';
import { readBytes } from './byte-input.js';
import type { NativeColumn } from './column.js';

/** Reads the data of columns of one type, which is there only if the block has rows. */
export interface ColumnReader<T = unknown> {
  /** Reads what comes before the data; for nested types, that of all levels comes before the data of any. */
  prefix?(input: ByteInput): Reading<void>;
  read(input: ByteInput, rows: number): Reading<NativeColumn<T>>;
}

export interface ArrayClass<A> {
  readonly BYTES_PER_ELEMENT: number;
  new (buffer: ArrayBuffer, byteOffset: number, length: number): A;
}

/** Reads an array of numbers. */
export function* readArray<A>(input: ByteInput, type: ArrayClass<A>, length: number): Reading<A> {
  const bytes = yield* readBytes(input, length * type.BYTES_PER_ELEMENT);
  return new type(bytes.buffer as ArrayBuffer, bytes.byteOffset, length);
}

/** Returns the reader of values of one width: as many elements of an array. */
export function fixed<A, T>(
  type: ArrayClass<A>,
  width: number,
  create: (values: A) => NativeColumn<T>,
): ColumnReader<T> {
  return {
    *read(input, rows) {
      return create(yield* readArray(input, type, rows * width));
    },
  };
}
