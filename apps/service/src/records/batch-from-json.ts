import type { Field, RecordDefinition, SetBatchDefinition } from '@quantumtrade/dal-domain';
import { fieldFromJson } from '@quantumtrade/dal-domain';
import { INSTANT_TEXT } from './instant-text.js';

type Members = Readonly<Record<string, unknown>>;

const isMembers = (value: unknown): value is Members =>
  typeof value === 'object' && value !== null && !Array.isArray(value);

/**
 * Converts the texts of a batch in JSON to input values. What is wrong is left as it is, so that the data layer refuses it, each
 * row by itself.
 */
export function batchFromJson(definition: RecordDefinition, body: unknown): unknown {
  const { fields, batch } = definition;
  if (batch.form === 'sets') {
    const setFields = fieldsOfSets(fields, batch);
    const sets = isMembers(body) ? [body] : body;
    return Array.isArray(sets) ? sets.map((set: unknown) => convert(setFields, set)) : sets;
  }
  const given = convert({ timestamp: { kind: 'instant' } }, body);
  if (!isMembers(given) || !Array.isArray(given[batch.rows])) return given;
  const rows = (given[batch.rows] as unknown[]).map((row) => convert(fields, row));
  return { ...given, [batch.rows]: rows };
}

function fieldsOfSets(
  fields: RecordDefinition['fields'],
  { members, writtenAt }: SetBatchDefinition,
): Readonly<Record<string, Field>> {
  const byMember = Object.entries(members).map(([field, member]) => [member, fields[field]!] as const);
  return { ...Object.fromEntries(byMember), [writtenAt]: { kind: 'instant' } };
}

function convert(fields: Readonly<Record<string, Field>>, given: unknown): unknown {
  if (!isMembers(given)) return given;
  const converted: Record<string, unknown> = { ...given };
  for (const [name, value] of Object.entries(given)) {
    const field = Object.hasOwn(fields, name) ? fields[name] : undefined;
    if (field && typeof value === 'string') converted[name] = valueFromText(field, value);
  }
  return converted;
}

const valueFromText = (field: Field, text: string): unknown =>
  field.kind === 'instant' && !INSTANT_TEXT.test(text) ? text : fieldFromJson(field, text);
