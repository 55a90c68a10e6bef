import type { Field, RecordDefinition, SetBatchDefinition } from '@quantumtrade/dal-domain';
import { z } from 'zod';
import { fieldSchema } from './field-schema.js';

/** Schemas of one record, for documentation. */
export interface RowSchemas {
  /** An item of a page: a row, or a set of rows. */
  readonly item: z.ZodType;
  /** A batch as it is written. */
  readonly batch: z.ZodType;
}

type Shape = Record<string, z.ZodType>;

const idOf = ({ name }: RecordDefinition, suffix: string): string =>
  `${name[0]!.toUpperCase()}${name.slice(1)}${suffix}`;

const shapeOf = (fields: RecordDefinition['fields'], form: (field: Field) => z.ZodType): Shape =>
  Object.fromEntries(Object.entries(fields).map(([name, field]) => [name, form(field)]));

const optionalWhereNullable = (field: Field): z.ZodType =>
  field.nullable ? fieldSchema(field).optional() : fieldSchema(field);

const writtenAt = fieldSchema({ kind: 'instant' }).optional().meta({ description: 'Time of the write' });

const made = new Map<RecordDefinition, RowSchemas>();

/** Returns the schemas of a record. They follow from its definition. */
export function rowSchemas(definition: RecordDefinition): RowSchemas {
  let schemas = made.get(definition);
  if (!schemas) {
    const { batch } = definition;
    schemas = batch.form === 'sets' ? setSchemas(definition, batch) : rowForms(definition);
    made.set(definition, schemas);
  }
  return schemas;
}

function rowForms(definition: RecordDefinition): RowSchemas {
  const { fields, batch } = definition;
  if (batch.form === 'sets') throw new Error(`${definition.name} has sets`);
  const labels = Object.keys(batch.labels);
  const row = Object.entries(shapeOf(fields, optionalWhereNullable)).flatMap(([name, schema]) => {
    if (labels.includes(name)) return [];
    return [[name, name === batch.derivedId?.field ? schema.optional() : schema] as const];
  });
  const input = z.object(Object.fromEntries(row)).meta({ id: idOf(definition, 'BatchRow') });
  const members = Object.entries(batch.labels).map(([field, member]) => [
    member,
    fieldSchema(fields[field]!),
  ]);
  return {
    item: z
      .object(shapeOf(fields, fieldSchema))
      .partial()
      .meta({ id: idOf(definition, '') }),
    batch: z
      .object({
        ...(Object.fromEntries(members) as Shape),
        [batch.rows]: z.array(input),
        timestamp: writtenAt,
        rounding: z.literal('half-even').optional(),
      })
      .meta({ id: idOf(definition, 'Batch') }),
  };
}

const texts = z.record(z.string(), z.string());

function setSchemas(
  definition: RecordDefinition,
  { members, entries, writtenAt: time }: SetBatchDefinition,
): RowSchemas {
  const { fields } = definition;
  const shape = Object.fromEntries(
    Object.entries(members).map(([field, member]) => {
      const schema = fields[field]!.kind === 'metadata' ? texts : fieldSchema(fields[field]!);
      return [member, schema];
    }),
  ) as Shape;
  const values = z.record(z.string(), fieldSchema(fields[entries.value]!));
  const set = { ...shape, [entries.member]: values };
  return {
    item: z
      .object({ ...set, featureMetadata: z.record(z.string(), texts) })
      .meta({ id: idOf(definition, 'Set') }),
    batch: z.array(z.object({ ...set, [time]: writtenAt })).meta({ id: idOf(definition, 'Batch') }),
  };
}
