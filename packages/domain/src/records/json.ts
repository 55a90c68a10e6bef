import { unknownKeyReason } from '@quantumtrade/dal-runtime';
import { z } from 'zod';
import { QueryError } from '../errors.js';
import { isPlainMap } from '../arguments.js';
import type { Field } from './field.js';
import { toCanonicalField, fieldFromJson, fieldToJson, toOutputField } from './field.js';
import { Invalid } from './kinds/kind.js';
import { toCanonicalRow, toOutputRow } from './row.js';
import type { RecordDefinition, RecordOf } from './definition.js';

/** How one member of a JSON object is read and written. Both give an `Invalid` for what they refuse. */
export interface JsonMember {
  decode(json: unknown): unknown;
  encode(value: unknown): unknown;
}

/** How much of an unknown member's name an error shows. */
const MAX_NAME_LENGTH = 200;

export function memberOf(field: Field): JsonMember {
  return {
    decode(json) {
      const canonical = toCanonicalField(field, fieldFromJson(field, json));
      return canonical instanceof Invalid ? canonical : toOutputField(field, canonical, true);
    },
    encode(value) {
      const canonical = toCanonicalField(field, value);
      return canonical instanceof Invalid ? canonical : fieldToJson(field, canonical);
    },
  };
}

/**
 * The codec of an object with these members. Encoding refuses any other; decoding leaves it out, for it may be a later version's.
 * One codec for all of them, because zod takes several times as long for one of each.
 */
export function objectCodec<T>(members: Readonly<Record<string, JsonMember>>): z.ZodType<T> {
  const entries = Object.entries(members);
  const names = Object.keys(members);
  const each = (how: keyof JsonMember) => (input: unknown, context: z.core.ParsePayload) => {
    if (!isPlainMap(input)) {
      context.issues.push({ code: 'custom', message: 'must be an object', input: undefined });
      return z.NEVER;
    }
    if (how === 'encode') {
      for (const name of Object.keys(input)) {
        if (Object.hasOwn(members, name)) continue;
        const message = unknownKeyReason(name, names);
        context.issues.push({
          code: 'custom',
          message,
          input: undefined,
          path: [name.slice(0, MAX_NAME_LENGTH)],
        });
      }
    }
    const output: Record<string, unknown> = {};
    for (const [name, member] of entries) {
      const value = member[how](input[name]);
      if (value instanceof Invalid) {
        context.issues.push({ code: 'custom', message: value.reason, input: undefined, path: [name] });
      } else output[name] = value;
    }
    return output;
  };
  return z.codec(z.unknown(), z.unknown(), {
    decode: each('decode'),
    encode: each('encode'),
  }) as unknown as z.ZodType<T>;
}

/**
 * The zod codec of a record for the edges (HTTP, command line, cached JSON). Decoding takes the JSON form and gives the
 * exact record; encoding gives JSON that loses nothing: decimals and 64-bit integers as strings, instants in ISO 8601.
 */
export function recordCodec<D extends RecordDefinition>(definition: D): z.ZodType<RecordOf<D, true>> {
  const members = Object.entries<Field>(definition.fields).map(([name, field]) => [name, memberOf(field)]);
  return objectCodec(Object.fromEntries(members) as Record<string, JsonMember>);
}

/** Gives an exact record the exactness its reader asked for. */
export function withExactness<D extends RecordDefinition, E extends boolean>(
  definition: D,
  record: RecordOf<D, true>,
  exact: E,
): RecordOf<D, E> {
  const checked = toCanonicalRow(definition, record, 0);
  if ('error' in checked) {
    const { field, reason } = checked.error;
    throw new QueryError(definition.table, `${field} ${reason}`, { operation: `${definition.name}.read` });
  }
  return toOutputRow(definition, checked.row, exact);
}
