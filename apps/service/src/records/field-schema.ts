import type { Field, FieldKind } from '@quantumtrade/dal-domain';
import { z } from 'zod';

const text = (max: number) => z.string().max(max);
const decimal = z
  .union([z.number(), z.string()])
  .meta({ description: 'Decimal of 8 digits after the point: a number, or an exact string' });
const instant = z.union([z.iso.datetime({ offset: true }), z.iso.date(), z.int()]).meta({
  description:
    'Instant: ISO 8601 with a zone, a date in UTC, or epoch milliseconds. Answers have ISO 8601 in UTC',
});

/** The JSON of each kind of field, for documentation: the data layer itself checks rows. */
const SCHEMAS: Readonly<Record<FieldKind, z.ZodType>> = {
  symbol: text(64).min(1),
  label: text(256).min(1),
  id: text(256).min(1),
  text: text(65_536),
  metadata: text(65_536),
  uuid: z.guid(),
  texts: z.array(z.string()),
  numbers: z.record(z.string(), z.number()),
  instant,
  decimal,
  uint8: z.int().min(0).max(0xff),
  uint16: z.int().min(0).max(0xffff),
  uint32: z.int().min(0).max(0xffffffff),
  uint64: z
    .union([z.int().min(0), z.string()])
    .meta({ description: 'Whole number of 64 bits: a number up to 9007199254740991, or a string' }),
  float32: z.number(),
  float64: z.number(),
};

/** Returns the schema of a field in JSON. */
export function fieldSchema({ kind, nullable }: Field): z.ZodType {
  return nullable ? SCHEMAS[kind].nullable() : SCHEMAS[kind];
}
