import { ValidationError } from '../errors.js';
import type { Batch, Column, ColumnBatch } from '../records/column-batch.js';
import { isColumnBatch, rowCountOf } from '../records/column-batch.js';
import type { RecordDefinition, SetBatchDefinition } from '../records/definition.js';
import type { RecordName } from '../records/records.js';
import { records } from '../records/records.js';

type Placeholders<P extends string> = P extends `${string}{${infer Name}}${infer Rest}`
  ? Name | Placeholders<Rest>
  : never;

/** Fixed text and names of each pattern that was split. */
const piecesOfPatterns = new Map<string, readonly string[]>();

/** Parts of a key by the names in its pattern. */
export type KeyParts<P extends string> = Readonly<Record<Placeholders<P>, string>>;

/**
 * Returns the key for these parts, e.g. `features:{symbol}:{featureName}` → `features:AAPL:rsi_14`.
 * Inside a part, `:`, `%` and lone surrogates are percent-encoded, and so is the first letter of a part that equals a
 * fixed word of the pattern's siblings (`latest`, `current`, `selected`, `performance`, `stream`), so that two different
 * parts never share a key. Throws `ValidationError` for a part that is no string.
 */
export function keyOf<P extends string>(pattern: P, parts: KeyParts<P>): string {
  const pieces = piecesOfPatterns.get(pattern) ?? piecesOf(pattern);
  let key = pieces[0]!;
  for (let i = 1; i < pieces.length; i += 2) {
    const name = pieces[i]!;
    const part: unknown = (parts as Record<string, unknown>)[name];
    if (typeof part !== 'string') throw new ValidationError(name, 'must be a string', { operation: pattern });
    key += encodePart(part) + pieces[i + 1]!;
  }
  return key;
}

/** Keys memoized for each pattern. Composing a key costs several times as much as looking up a value. */
const MAX_KEYS = 16_384;

/** Keys by their last part, or deeper levels by an earlier part. */
type Level = Map<string, unknown>;

/** Returns `keyOf` of one pattern, memoized. */
export function memoizedKeyOf<P extends string>(pattern: P): (parts: KeyParts<P>) => string {
  const names = [...placeholdersOf(pattern)];
  const last = names.pop();
  let known: Level = new Map();
  let count = 0;

  return (parts) => {
    const part = parts as Record<string, string>;
    if (last === undefined) return pattern;
    let level = known;
    for (const name of names) level = nextLevel(level, part[name]!);
    const memoized = level.get(part[last]!);
    if (memoized !== undefined) return memoized as string;
    if (++count > MAX_KEYS) {
      known = new Map();
      count = 0;
    }
    const key = keyOf(pattern, parts);
    level.set(part[last]!, key);
    return key;
  };
}

function nextLevel(level: Level, part: string): Level {
  const known = level.get(part);
  if (known !== undefined) return known as Level;
  const next: Level = new Map();
  level.set(part, next);
  return next;
}

/** Returns fixed text and names of a pattern in turn. Patterns are few, so each is split once. */
export function piecesOf(pattern: string): readonly string[] {
  let pieces = piecesOfPatterns.get(pattern);
  if (!pieces) piecesOfPatterns.set(pattern, (pieces = pattern.split(/\{(\w+)\}/)));
  return pieces;
}

/** Returns the names of a pattern's parts, e.g. `symbol` and `featureName`. */
export const placeholdersOf = (pattern: string): readonly string[] =>
  piecesOf(pattern).filter((_, i) => i % 2 === 1);

const FIXED_WORD = /^(latest|current|selected|performance|stream)$/;

/** Encodes a part, so that two different parts never share a key. */
export function encodePart(part: string): string {
  return FIXED_WORD.test(part)
    ? percentEncode(part[0]!) + part.slice(1)
    : part.replace(/[%:\p{Surrogate}]/gu, percentEncode);
}

/** Returns whether a text is the encoded form of a part. */
export const isEncoded = (text: string) => encodePart(text) === text || encodePart(decodePart(text)) === text;

/** Decodes a part. A text that is no encoded part gives a part with another encoding. */
function decodePart(text: string): string {
  return text.replace(/%(D[89A-F][\dA-F]{2}|[\dA-F]{2})/g, (_, code: string) =>
    String.fromCharCode(parseInt(code, 16)),
  );
}

function percentEncode(character: string): string {
  return `%${character.charCodeAt(0).toString(16).toUpperCase()}`;
}

type Members = Readonly<Record<string, unknown>>;
type Maybe<T> = T | undefined | null;

/** The fields in the cache keys of a record: a first one, e.g. the symbol, and a second one, e.g. the feature name. */
type KeyFields = readonly [lead?: string, detail?: string];

const fieldsOfRecords = new Map<RecordDefinition, KeyFields>();

function keyFieldsOf(definition: RecordDefinition): KeyFields {
  let fields = fieldsOfRecords.get(definition);
  if (!fields) {
    const names = new Set(definition.cacheKeys.flatMap((pattern) => placeholdersOf(pattern)));
    fieldsOfRecords.set(definition, (fields = [...names] as unknown as KeyFields));
  }
  return fields;
}

/** Collects the cache keys affected by many batches of one record, at low cost per row. */
export class AffectedKeys<N extends RecordName> {
  readonly #definition: RecordDefinition;
  readonly #fields: KeyFields;
  /** For each value of the first field, the values of the second field. */
  #values = new Map<string, Set<string>>();

  constructor(record: N) {
    this.#definition = records[record];
    this.#fields = fieldsOfRecords.get(this.#definition) ?? keyFieldsOf(this.#definition);
  }

  /** Adds a batch, which may be unchecked. Rows that cannot be read are skipped: the store refuses them. */
  add(batch: Batch<N>): void {
    const given: unknown = batch;
    try {
      const [lead, detail] = this.#fields;
      if (lead === undefined) return;
      const form = this.#definition.batch;
      if (form.form === 'rows') {
        const rows = (given as Maybe<Members>)?.[form.rows];
        if (Array.isArray(rows)) return this.#addRows(rows as Maybe<Members>[], lead, detail);
      } else if (Array.isArray(given)) {
        return this.#addSets(given as Maybe<Members>[], form, lead);
      }
      if (!isColumnBatch(given)) return;
      const details = detail === undefined ? undefined : columnValues(given, detail, true);
      const leads = columnValues(given, lead, detail !== undefined);
      for (let i = 0; i < leads.length; i++) this.#note(leads.at(i), details?.at(i));
    } catch {
      // The store refuses a batch that cannot be read.
    }
  }

  /** Returns the keys of the read-through cache whose values the added batches may change, each once, and resets. */
  take(): string[] {
    const { cacheKeys } = this.#definition;
    const [lead, detail] = this.#fields;
    const keys: string[] = [];
    for (const [value, details] of this.#values) {
      for (const pattern of cacheKeys) {
        if (detail === undefined || !pattern.includes(`{${detail}}`))
          keys.push(keyOf(pattern, { [lead!]: value }));
        else for (const each of details) keys.push(keyOf(pattern, { [lead!]: value, [detail]: each }));
      }
    }
    this.#values = new Map();
    return keys;
  }

  #addRows(rows: readonly Maybe<Members>[], lead: string, detail: string | undefined): void {
    let previous: unknown;
    for (let i = 0; i < rows.length; i++) {
      try {
        const row = rows[i];
        const value = row?.[lead];
        // Rows of one symbol often follow each other.
        if (value === previous && detail === undefined) continue;
        previous = value;
        this.#note(value, detail === undefined ? detail : row?.[detail]);
      } catch {
        continue;
      }
    }
  }

  #addSets(sets: readonly Maybe<Members>[], { members, entries }: SetBatchDefinition, lead: string): void {
    for (let i = 0; i < sets.length; i++) {
      try {
        const set = sets[i];
        const details = Object.keys(set?.[entries.member] ?? {});
        this.#note(set?.[members[lead]!], ...details);
      } catch {
        continue;
      }
    }
  }

  #note(lead: unknown, ...details: unknown[]): void {
    if (typeof lead !== 'string') return;
    let known = this.#values.get(lead);
    if (!known) this.#values.set(lead, (known = new Set()));
    for (const detail of details) if (typeof detail === 'string') known.add(detail);
  }
}

/** Returns the cache keys affected by one batch. */
export function affectedKeys<N extends RecordName>(record: N, batch: Batch<N>): string[] {
  const affected = new AffectedKeys(record);
  affected.add(batch);
  return affected.take();
}

/** Returns the function from a symbol to the keys that its rows affect; undefined where the symbol does not determine them. */
export function keysBySymbol(record: RecordName): ((symbol: string) => string[]) | undefined {
  const definition: RecordDefinition = records[record];
  if (keyFieldsOf(definition).some((field) => field !== 'symbol')) return undefined;
  return (symbol) => definition.cacheKeys.map((pattern) => keyOf(pattern as '{symbol}', { symbol }));
}

/** The values of a field, row by row. */
interface Values {
  readonly length: number;
  at(index: number): unknown;
}

/**
 * Returns the values of a field in the rows. With `byRow` false, it returns fewer values that include each of them: the one
 * of a constant, and those of a dictionary that is shorter than its rows.
 */
function columnValues(batch: ColumnBatch<RecordName>, field: string, byRow: boolean): Values {
  const { columns, constants } = batch as {
    readonly columns: Readonly<Record<string, Column | undefined>>;
    readonly constants?: Members;
  };
  const rowCount = rowCountOf(columns);
  const column = columns[field];
  if (!column) return { length: byRow ? rowCount : 1, at: () => constants?.[field] };
  if (!('dictionary' in column)) return { length: rowCount, at: (index) => column[index] };
  const { dictionary, positions } = column;
  return byRow || rowCount < dictionary.length
    ? { length: rowCount, at: (index) => dictionary[positions[index]!] }
    : { length: dictionary.length, at: (index) => dictionary[index] };
}
