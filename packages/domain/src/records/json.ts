import { z } from 'zod';
import { QueryError } from '../errors.js';
import { canonicalField, fieldFromJson, fieldToJson, Invalid, presentField } from './field.js';
import type { Field } from './field.js';
import type { RecordDefinition, RecordOf } from './record.js';
import { canonicalRow, presentRow } from './record.js';

function fieldCodec(field: Field) {
  return z.codec(z.unknown(), z.unknown(), {
    decode: (json, context) => {
      const canonical = canonicalField(field, fieldFromJson(field, json));
      if (!(canonical instanceof Invalid)) return presentField(field, canonical, true);
      context.issues.push({ code: 'custom', message: canonical.reason, input: undefined });
      return z.NEVER;
    },
    encode: (value, context) => {
      const canonical = canonicalField(field, value);
      if (!(canonical instanceof Invalid)) return fieldToJson(field, canonical);
      context.issues.push({ code: 'custom', message: canonical.reason, input: undefined });
      return z.NEVER;
    },
  });
}

/**
 * The zod codec of a record for the edges (HTTP, command line, cached JSON). Decoding takes the JSON form and gives the
 * exact record; encoding gives JSON that loses nothing: decimals and 64-bit integers as strings, instants in ISO 8601.
 */
export function recordCodec<D extends RecordDefinition>(definition: D): z.ZodType<RecordOf<D, true>> {
  const shape = Object.fromEntries(
    Object.entries(definition.fields).map(([name, field]) => [name, fieldCodec(field)]),
  );
  return z.object(shape) as unknown as z.ZodType<RecordOf<D, true>>;
}

/** Gives an exact record the exactness its reader asked for. */
export function withExactness<D extends RecordDefinition, E extends boolean>(
  definition: D,
  record: RecordOf<D, true>,
  exact: E,
): RecordOf<D, E> {
  const checked = canonicalRow(definition, record, 0);
  if ('error' in checked) {
    const { field, reason } = checked.error;
    throw new QueryError(definition.table, `${field} ${reason}`, { operation: `${definition.name}.read` });
  }
  return presentRow(definition, checked.row, exact);
}
