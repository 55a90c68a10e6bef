import type { Batch, Column, ColumnBatch } from '../records/column-batch.js';
import { isColumnBatch, rowCountOf } from '../records/column-batch.js';
import type { RecordDefinition } from '../records/definition.js';
import type { RecordName } from '../records/records.js';
import { records } from '../records/records.js';
import { keyOf, placeholdersOf } from './keyspace.js';

type Members = Readonly<Record<string, unknown>>;
type Maybe<T> = T | undefined | null;

/**
 * Values of the fields in the cache keys of a record: for each value of the first field, e.g. the symbol, the values of the
 * second field, e.g. the feature names. A record with keys of one field has no second values.
 */
type KeyValues = Map<string, Set<string>>;

/** Collects the cache keys affected by many batches of one record, at low cost per row. */
export class AffectedKeys<N extends RecordName> {
  readonly #definition: RecordDefinition;
  readonly #lead: string | undefined;
  readonly #detail: string | undefined;
  #values: KeyValues = new Map();

  constructor(record: N) {
    this.#definition = records[record];
    [this.#lead, this.#detail] = keyFieldsOf(this.#definition);
  }

  /** Adds a batch, which may be unchecked. Rows that cannot be read are skipped: the store refuses them. */
  add(batch: Batch<N>): void {
    if (this.#lead === undefined) return;
    try {
      this.#gather(batch, this.#lead);
    } catch {
      // The store refuses a batch that cannot be read.
    }
  }

  /** Returns the keys of the read-through cache whose values the added batches may change, each once, and resets. */
  take(): string[] {
    const values = this.#values;
    this.#values = new Map();
    return [...values].flatMap(([lead, details]) => this.#keysOf(lead, details));
  }

  #keysOf(lead: string, details: ReadonlySet<string>): string[] {
    return this.#definition.cacheKeys.flatMap((pattern) => {
      const keyWith = (detail: string) => keyOf(pattern, { [this.#lead!]: lead, [this.#detail!]: detail });
      return placeholdersOf(pattern).length > 1 ? [...details].map(keyWith) : [keyWith('')];
    });
  }

  #gather(given: unknown, lead: string): void {
    const { batch } = this.#definition;
    const members = given as Maybe<Members>;
    if (isColumnBatch(given)) {
      const byRow = this.#detail !== undefined;
      const details = byRow ? columnValues(given, this.#detail!, true) : undefined;
      this.#add(columnValues(given, lead, byRow), (index) => [details?.at(index)]);
    } else if (batch.form === 'sets') {
      if (Array.isArray(given)) this.#addSets(given, lead);
    } else if (Array.isArray(members?.[batch.rows])) {
      const rows = members[batch.rows] as readonly Maybe<Members>[];
      const valuesOf = (field: string): Values => {
        if (Object.hasOwn(batch.labels, field)) return constant(members[batch.labels[field]!], rows.length);
        const read = readerOf(field);
        return { length: rows.length, at: (index) => read(rows[index]) };
      };
      const details = this.#detail === undefined ? undefined : valuesOf(this.#detail);
      this.#add(valuesOf(lead), (index) => [details?.at(index)]);
    }
  }

  #addSets(sets: readonly Maybe<Members>[], lead: string): void {
    const { members, entries } = this.#definition.batch as Extract<
      RecordDefinition['batch'],
      { form: 'sets' }
    >;
    const detailsOf = (set: Maybe<Members>): readonly unknown[] =>
      this.#detail === entries.name
        ? Object.keys(set?.[entries.member] ?? {})
        : [set?.[members[this.#detail!]!]];
    const leads = { length: sets.length, at: (index: number) => sets[index]?.[members[lead]!] };
    this.#add(leads, (index) => detailsOf(sets[index]));
  }

  #add({ length, at }: Values, detailsAt: (index: number) => readonly unknown[]): void {
    const values = this.#values;
    const hasDetails = this.#detail !== undefined;
    let previous: unknown;
    forEachReadable(length, (index) => {
      const lead = at(index);
      // Rows of one symbol often follow each other.
      if (typeof lead !== 'string' || (lead === previous && !hasDetails)) return;
      previous = lead;
      const details = hasDetails ? detailsAt(index) : [];
      let known = values.get(lead);
      if (!known) values.set(lead, (known = new Set()));
      for (const detail of details) if (typeof detail === 'string') known.add(detail);
    });
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

/** Returns the fields in the keys of a record: none, one, or two of which every key has the first. */
const keyFieldsOf = ({ cacheKeys }: RecordDefinition): readonly string[] => [
  ...new Set(cacheKeys.flatMap((pattern) => placeholdersOf(pattern))),
];

/** Calls `visit` for every row, also after one that throws: such a row is refused, the others are not. */
function forEachReadable(length: number, visit: (index: number) => void): void {
  for (let index = 0; index < length; index++) {
    try {
      visit(index);
    } catch {
      continue;
    }
  }
}

/** The values of a field, row by row. */
interface Values {
  readonly length: number;
  at(index: number): unknown;
}

const constant = (value: unknown, length: number): Values => ({
  length: Math.min(1, length),
  at: () => value,
});

type Reader = (row: Maybe<Members>) => unknown;
const readers = new Map<string, Reader>();

/** Returns a reader of one field. With the name in its code, it is several times as fast as an access by variable. */
function readerOf(field: string): Reader {
  let reader = readers.get(field);
  if (!reader) readers.set(field, (reader = compileReader(field)));
  return reader;
}

function compileReader(field: string): Reader {
  try {
    return new Function('row', `return row?.[${JSON.stringify(field)}]`) as Reader;
  } catch {
    // The process forbids compiling strings.
    return (row) => row?.[field];
  }
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
