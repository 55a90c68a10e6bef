import type { RecordDefinition } from '../records/definition.js';
import type { Field } from '../records/field.js';

/** Returns null for each nullable field of a record, as a row without these fields is read. */
export const absentFields = ({ fields }: RecordDefinition): Readonly<Record<string, null>> =>
  Object.fromEntries(
    Object.entries<Field>(fields)
      .filter(([, { nullable }]) => nullable)
      .map(([name]) => [name, null]),
  );
