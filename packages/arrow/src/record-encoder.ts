import type { AnyColumns, RecordDefinition } from '@quantumtrade/dal-domain';
import type { Data } from 'apache-arrow';
import { Field, makeData, RecordBatch, Schema, Struct } from 'apache-arrow';
import type { FieldEncoder } from './kinds.js';
import { encoderOf } from './kinds.js';

/** Converts the columns of one read of a record to record batches of one schema. */
export class RecordEncoder {
  readonly schema: Schema;
  readonly #encoders: ReadonlyMap<string, FieldEncoder>;

  /** `select`: fields that are read. @default all fields */
  constructor({ name, fields }: RecordDefinition, select: readonly string[] = Object.keys(fields)) {
    const selected = Object.entries(fields).filter(([field]) => select.includes(field));
    this.#encoders = new Map(selected.map(([field, definition], i) => [field, encoderOf(definition, i)]));
    this.schema = new Schema(
      selected.map(([field, { nullable }]) => new Field(field, this.#encoders.get(field)!.type, nullable)),
      new Map([['record', name]]),
    );
  }

  batch({ rowCount, columns }: AnyColumns): RecordBatch {
    const children = this.schema.fields.map(({ name, nullable }) =>
      dataOf(this.#encoders.get(name)!, columns[name], rowCount, nullable),
    );
    return new RecordBatch(
      this.schema,
      makeData({ type: new Struct(this.schema.fields), length: rowCount, nullCount: 0, children }),
    );
  }
}

function dataOf({ type, buffers }: FieldEncoder, column: unknown, length: number, nullable: boolean): Data {
  const validity = nullable ? validityOf(column as readonly unknown[]) : { nullCount: 0 };
  // The overloads of `makeData` name one type each.
  return (makeData as (parts: object) => Data)({ type, length, ...validity, ...buffers(column as never) });
}

/** Returns which values are not null: one bit each, the lowest first. */
function validityOf(values: readonly unknown[]): { nullCount: number; nullBitmap?: Uint8Array } {
  const nullBitmap = new Uint8Array((values.length + 7) >> 3);
  let nullCount = 0;
  for (let row = 0; row < values.length; row++) {
    if (values[row] === null) nullCount++;
    else nullBitmap[row >> 3]! |= 1 << (row & 7);
  }
  return nullCount === 0 ? { nullCount } : { nullCount, nullBitmap };
}
