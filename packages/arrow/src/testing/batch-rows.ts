import { formatDecimal } from '@quantumtrade/dal-domain';
import type { DataType, RecordBatch } from 'apache-arrow';
import { Type } from 'apache-arrow';

/** Returns the rows of a batch as `find` with `exact` returns them, by the accessors of `apache-arrow` and the types of the schema. */
export function batchRowsOf(batch: RecordBatch): Record<string, unknown>[] {
  const { fields } = batch.schema;
  return batch
    .toArray()
    .map((row: Record<string, unknown>) =>
      Object.fromEntries(fields.map(({ name, type }) => [name, toOutput(row[name], type)])),
    );
}

function toOutput(value: unknown, type: DataType): unknown {
  if (value === null) return null;
  switch (type.typeId) {
    case Type.Decimal:
      return formatDecimal(unitsOf(value as Uint32Array));
    case Type.Timestamp:
      return new Date(value as number);
    case Type.List:
      return [...(value as Iterable<unknown>)];
    case Type.Map:
      return Object.fromEntries(value as Iterable<[string, number]>);
    default:
      return value;
  }
}

/** Returns the value of little-endian words in two's complement. */
export function unitsOf(words: Uint32Array): bigint {
  const unsigned = words.reduceRight((value, word) => (value << 32n) | BigInt(word), 0n);
  return BigInt.asIntN(32 * words.length, unsigned);
}
