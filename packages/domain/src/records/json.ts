import { unknownKeyReason } from '@quantumtrade/dal-runtime';
import { z } from 'zod';
import { QueryError } from '../errors.js';
import { isPlainMap } from '../arguments.js';
import type { Field } from './field.js';
import { rulesOf } from './field.js';
import { asIs, Invalid } from './kinds/kind.js';
import { toCanonicalRow, toOutputRow } from './row.js';
import type { RecordDefinition, RecordOf } from './definition.js';

/** Converts one member of a JSON object. Both directions return an `Invalid` for what they refuse. */
export interface JsonMember {
  /** Result of both directions for `null` and `undefined`. @default what the functions return */
  readonly absent?: null | Invalid;
  /** Passed to {@link encode}. */
  readonly field?: Field;
  decode(this: void, json: unknown): unknown;
  /** Checks a value. */
  encode(this: void, value: unknown, field: Field): unknown;
  /** Converts a checked value to JSON. @default it is JSON already */
  toJson?(this: void, checked: never): unknown;
}

/** Maximum length of an unknown member's name in an error. */
const MAX_NAME_LENGTH = 200;

/** Returns the member that holds a field. */
export function memberOf(field: Field): JsonMember {
  const { toCanonical, toOutput, toJson, fromJson } = rulesOf(field);
  return {
    absent: field.nullable ? null : new Invalid('is required'),
    field,
    decode(json) {
      const canonical = toCanonical(typeof json === 'string' ? fromJson(json) : json, field);
      return canonical instanceof Invalid ? canonical : toOutput(canonical, field, true);
    },
    encode: toCanonical,
    ...(toJson !== asIs && { toJson }),
  };
}

/**
 * Returns the codec of an object with these members. Encoding refuses any other; decoding leaves it out, for it may be a later
 * version's. One codec for all of them, because zod takes several times as long for one of each.
 */
export function objectCodec<T>(members: Readonly<Record<string, JsonMember>>): z.ZodType<T> {
  const entries = Object.entries(members);
  const names = Object.keys(members);
  const convert = (isEncoding: boolean) => (input: unknown, context: z.core.ParsePayload) => {
    if (!isPlainMap(input)) {
      refuse(context, 'must be an object');
      return z.NEVER;
    }
    for (const name of isEncoding ? Object.keys(input) : []) {
      if (!Object.hasOwn(members, name))
        refuse(context, unknownKeyReason(name, names), [name.slice(0, MAX_NAME_LENGTH)]);
    }
    const output: Record<string, unknown> = {};
    for (const [name, { absent, field, decode, encode, toJson }] of entries) {
      let value = input[name];
      try {
        if (absent !== undefined && (value === undefined || value === null)) value = absent;
        else if (!isEncoding) value = decode(value);
        else {
          value = encode(value, field as Field);
          if (toJson && !(value instanceof Invalid)) value = toJson(value as never);
        }
      } catch (error) {
        if (field === undefined) throw error;
        value = new Invalid('cannot be read');
      }
      if (value instanceof Invalid) refuse(context, value.reason, [name]);
      else output[name] = value;
    }
    return output;
  };
  return z.codec(z.unknown(), z.unknown(), {
    decode: convert(false),
    encode: convert(true),
  }) as unknown as z.ZodType<T>;
}

function refuse({ issues }: z.core.ParsePayload, message: string, path?: string[]): void {
  issues.push({ code: 'custom', message, input: undefined, path });
}

/**
 * The zod codec of a record for the edges (HTTP, command line, cached JSON). Decoding takes the JSON form and gives the
 * exact record; encoding gives JSON that loses nothing: decimals and 64-bit integers as strings, instants in ISO 8601.
 */
export function recordCodec<D extends RecordDefinition>(definition: D): z.ZodType<RecordOf<D, true>> {
  const members = Object.entries<Field>(definition.fields).map(([name, field]) => [name, memberOf(field)]);
  return objectCodec(Object.fromEntries(members) as Record<string, JsonMember>);
}

/** Converts an exact record to the exactness that its reader requested. */
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
