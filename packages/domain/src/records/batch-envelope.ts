import { unknownKeyReason } from '@quantumtrade/dal-runtime';
import { isPlainObject, readMember, requireMembers } from '../arguments.js';
import { ValidationError } from '../errors.js';
import type { RecordDefinition, RowBatchDefinition } from './definition.js';
import type { Rounding } from './kinds/kind.js';
import type { RowError } from './row.js';
import { requireField } from './field.js';

/** Members of a batch besides its time, checked, and its rows, unchecked. */
export interface BatchEnvelope {
  readonly rows: readonly unknown[];
  /** Values of the fields that the batch gives to all of its rows. */
  readonly labels: Readonly<Record<string, string>>;
  readonly rounding: Rounding | undefined;
  /** Checks the keys of the rows. */
  readonly keys: RowKeys;
}

/** Rules of the check of a record's batches, computed once. */
interface EnvelopeRules {
  readonly operation: string;
  /** Member that holds the rows. */
  readonly list: string;
  readonly labels: readonly LabelRule[];
  readonly members: ReadonlySet<string>;
  readonly hasDecimals: boolean;
  readonly keys: RowKeys;
}

interface LabelRule {
  readonly field: string;
  readonly member: string;
  /** The label accepted last, which the next batch mostly has as well. It is no string before the first one. */
  accepted: unknown;
}

const NONE = Symbol('no label yet');

const rulesOfRecords = new Map<RecordDefinition, EnvelopeRules>();

function createRules(definition: RecordDefinition): EnvelopeRules {
  const { name, fields } = definition;
  const { rows: list, labels, derivedId } = definition.batch as RowBatchDefinition;
  const hasDecimals = Object.values(fields).some(({ kind }) => kind === 'decimal');
  const options = hasDecimals ? ['timestamp', 'rounding'] : ['timestamp'];
  return {
    operation: `${name}.insert`,
    list,
    labels: Object.entries(labels).map(([field, member]) => ({ field, member, accepted: NONE })),
    members: new Set([list, ...Object.values(labels), ...options]),
    hasDecimals,
    keys: new RowKeys(definition, [...Object.keys(labels), ...(derivedId ? [derivedId.field] : [])]),
  };
}

/**
 * Reads a batch of rows, also one of a class with accessors. Throws `ValidationError` naming the member that is wrong or
 * unknown.
 */
export function readEnvelope(definition: RecordDefinition, batch: unknown): BatchEnvelope {
  let rules = rulesOfRecords.get(definition);
  if (rules === undefined) rulesOfRecords.set(definition, (rules = createRules(definition)));
  const { operation, list } = rules;
  let reading = 'batch';
  try {
    const given = batch as Readonly<Record<string, unknown>>;
    for (const key in given) if (!rules.members.has(key)) requireEnvelope(rules, batch);
    const labels: Record<string, string> = {};
    for (const label of rules.labels) {
      reading = label.member;
      const value = given[reading];
      if (value !== label.accepted) {
        requireField(definition.fields[label.field]!, reading, value, operation);
        label.accepted = value;
      }
      labels[label.field] = value as string;
    }
    reading = list;
    const rows = given[list];
    if (!Array.isArray(rows)) throw new ValidationError(list, 'must be a list of records', { operation });
    reading = 'rounding';
    const rounding = given[reading];
    return {
      rows,
      labels,
      rounding: rounding === undefined ? rounding : requireRounding(rounding, rules),
      keys: rules.keys,
    };
  } catch (error) {
    requireEnvelope(rules, batch);
    throw error instanceof ValidationError
      ? error
      : new ValidationError(reading, 'cannot be read', { operation });
  }
}

/** Throws `ValidationError` when the batch is no object or has an unknown key. */
const requireEnvelope = ({ members, operation }: EnvelopeRules, batch: unknown): object =>
  requireMembers('batch', batch, [...members], operation);

/** Reads the `rounding` of a batch; throws `ValidationError` when it is unknown or the record has no decimals. */
export function readRounding(
  definition: RecordDefinition,
  batch: object,
  operation: string,
): Rounding | undefined {
  const rounding = readMember(batch, 'rounding', operation);
  const hasDecimals = Object.values(definition.fields).some(({ kind }) => kind === 'decimal');
  return rounding === undefined ? rounding : requireRounding(rounding, { operation, hasDecimals });
}

function requireRounding(
  rounding: unknown,
  { operation, hasDecimals }: Pick<EnvelopeRules, 'operation' | 'hasDecimals'>,
): Rounding {
  if (!hasDecimals) {
    throw new ValidationError('rounding', 'has no effect: the record has no decimals', { operation });
  }
  if (rounding === 'half-even') return rounding;
  throw new ValidationError('rounding', "must be 'half-even'", { operation });
}

const MAX_NAME_LENGTH = 200;

/**
 * Finds keys of row objects that are no field of the record. Objects of classes are exempt: they may have keys of their own,
 * and accessors of the class for their fields.
 */
export class RowKeys {
  readonly #fields: RecordDefinition['fields'];
  readonly #table: string;
  readonly #names: readonly string[];
  readonly #maxCount: number;
  readonly #mayLackFields: boolean;

  /** `given` are the fields that rows may lack because the batch gives them. */
  constructor({ fields, table }: RecordDefinition, given: readonly string[] = []) {
    this.#fields = fields;
    this.#table = table;
    this.#names = Object.keys(fields).filter((name) => !given.includes(name));
    this.#maxCount = this.#names.length;
    this.#mayLackFields = this.#names.some((name) => fields[name]!.nullable);
  }

  /**
   * Returns whether a valid row may have an unknown key. A row that gives every field has none unless it has more keys than
   * fields, so counting is enough where no field may be left out. The cost is small beside that of writing the row.
   */
  mayHaveUnknown(row: object): boolean {
    if (this.#mayLackFields) {
      for (const key in row) if (!Object.hasOwn(this.#fields, key)) return true;
      return false;
    }
    let count = 0;
    for (const key in row) if (key !== undefined) count++;
    return count > this.#maxCount;
  }

  /**
   * Returns why the keys of a row are refused, or undefined. Needed for a row that is refused anyway or
   * {@link mayHaveUnknown} keys.
   */
  refusal(row: unknown): Omit<RowError, 'index'> | undefined {
    try {
      if (!isPlainObject(row)) return undefined;
      const unknown = Object.keys(row).find((key) => !Object.hasOwn(this.#fields, key));
      if (unknown === undefined) return undefined;
      return { field: unknown.slice(0, MAX_NAME_LENGTH), reason: unknownKeyReason(unknown, this.#names) };
    } catch {
      return { field: this.#table, reason: 'cannot be read' };
    }
  }
}
