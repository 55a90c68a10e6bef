import { ValidationError } from '../errors.js';
import { readMember, requireMembers } from '../arguments.js';
import type { Rounding } from './kinds/kind.js';
import { requireField } from './row.js';
import type { RecordDefinition, RowBatchDefinition } from './definition.js';

/** Members of a batch besides its rows and its time, checked, and its rows, unchecked. */
export interface BatchEnvelope {
  readonly rows: readonly unknown[];
  /** Values of the fields that the batch gives to all of its rows. */
  readonly labels: Readonly<Record<string, string>>;
  readonly rounding: Rounding | undefined;
}

/** What the check of a batch needs to know of its record, computed once. */
interface Envelope {
  readonly operation: string;
  readonly rows: string;
  readonly labels: readonly (readonly [field: string, member: string])[];
  readonly members: readonly string[];
}

const envelopes = new Map<RecordDefinition, Envelope>();

function envelopeOf(definition: RecordDefinition): Envelope {
  let envelope = envelopes.get(definition);
  if (envelope === undefined) {
    const { rows, labels } = definition.batch as RowBatchDefinition;
    const options = hasDecimals(definition) ? ['timestamp', 'rounding'] : ['timestamp'];
    envelope = {
      operation: `${definition.name}.insert`,
      rows,
      labels: Object.entries(labels),
      members: [rows, ...Object.values(labels), ...options],
    };
    envelopes.set(definition, envelope);
  }
  return envelope;
}

/**
 * Reads a batch of rows, also one of a class with accessors. Throws `ValidationError` naming the member that is wrong or
 * unknown.
 */
export function readEnvelope(definition: RecordDefinition, batch: unknown): BatchEnvelope {
  const { operation, rows: list, labels: labelMembers, members } = envelopeOf(definition);
  const given = requireMembers('batch', batch, members, operation);
  const labels: Record<string, string> = {};
  for (const [field, member] of labelMembers) {
    const value = readMember(given, member, operation);
    labels[field] = requireField(definition.fields[field]!, member, value, operation) as string;
  }
  const rows = readMember(given, list, operation);
  if (!Array.isArray(rows)) throw new ValidationError(list, 'must be a list of records', { operation });
  return { rows, labels, rounding: readRounding(definition, given, operation) };
}

/** Reads the `rounding` of a batch; throws `ValidationError` when it is unknown or the record has no decimals. */
export function readRounding(
  definition: RecordDefinition,
  batch: object,
  operation: string,
): Rounding | undefined {
  const rounding = readMember(batch, 'rounding', operation);
  if (rounding === undefined) return undefined;
  if (!hasDecimals(definition)) {
    throw new ValidationError('rounding', 'has no effect: the record has no decimals', { operation });
  }
  if (rounding === 'half-even') return rounding;
  throw new ValidationError('rounding', "must be 'half-even'", { operation });
}

function hasDecimals({ fields }: RecordDefinition): boolean {
  for (const name in fields) if (fields[name]!.kind === 'decimal') return true;
  return false;
}
