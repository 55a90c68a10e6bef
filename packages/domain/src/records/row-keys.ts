import { unknownKeyReason } from '@quantumtrade/dal-runtime';
import type { RecordDefinition } from './definition.js';
import type { RowError } from './row.js';

const MAX_NAME_LENGTH = 200;

/**
 * Finds what a row object has under a name that its record does not know. Objects of classes are left alone: their own keys
 * may be private, and their fields accessors of the class.
 */
export class RowKeys {
  readonly #fields: RecordDefinition['fields'];
  readonly #table: string;
  readonly #names: readonly string[];
  readonly #enough: number;

  /** `given` are the fields that rows need not have: the batch gives them. */
  constructor({ fields, table }: RecordDefinition, given: Readonly<Record<string, unknown>> = {}) {
    this.#fields = fields;
    this.#table = table;
    this.#names = Object.keys(fields).filter((name) => !Object.hasOwn(given, name));
    this.#enough = this.#names.length;
  }

  /**
   * Whether a row has more keys than it needs. A right row that has not is known to have no others, at a cost that does not
   * count beside writing the row.
   */
  hasMore(row: object): boolean {
    let count = 0;
    for (const key in row) if (key !== undefined) count++;
    return count > this.#enough;
  }

  /** Why a row is refused for its keys, or undefined. To be asked about a row that {@link hasMore}, or that is refused anyway. */
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

/** Whether a value is an object as a literal or JSON makes it, of this realm or another, or one without a prototype. */
export function isPlainObject(value: unknown): value is object {
  if (typeof value !== 'object' || value === null || Array.isArray(value)) return false;
  const prototype: unknown = Object.getPrototypeOf(value);
  return prototype === null || Object.getPrototypeOf(prototype) === null;
}
