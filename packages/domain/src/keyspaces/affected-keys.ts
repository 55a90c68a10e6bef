import type { Batch } from '../records/batch.js';
import type { FeatureBatch } from '../records/feature.js';
import type { Column, ColumnBatch } from '../records/column-batch.js';
import { isColumnBatch, rowCountOf } from '../records/column-batch.js';
import type { RecordName } from '../records/records.js';
import { keyOf } from './keyspace.js';
import { keyspaces } from './keyspaces.js';

/** Symbols, or ids of predictions, each with the names of its features. */
type Names = Map<string, ReadonlySet<string>>;

const NO_FEATURES: ReadonlySet<string> = new Set();

/** Returns the only key that bars of a symbol affect. */
export const latestBarKey = (symbol: string): string => keyOf(keyspaces.latestMarketData.pattern, { symbol });

interface KeyRule {
  /** Adds the names in a batch, which may be unchecked. Rows that cannot be read are skipped: the store refuses them. */
  gather(batch: unknown, names: Names): void;
  keysOf(name: string, features: ReadonlySet<string>): string[];
}

const keyRules: { readonly [N in RecordName]?: KeyRule } = {
  marketData: {
    gather: (batch, names) => gatherField(batch, 'symbol', 'records', (row) => row?.['symbol'], names),
    keysOf: (symbol) => [latestBarKey(symbol)],
  },
  features: {
    gather: gatherFeatures,
    keysOf: (symbol, features) => [
      keyOf(keyspaces.latestFeatures.pattern, { symbol }),
      ...[...features].map((featureName) => keyOf(keyspaces.featureValue.pattern, { symbol, featureName })),
    ],
  },
  predictions: {
    gather: (batch, names) =>
      gatherField(batch, 'predictionId', 'predictions', (row) => row?.['predictionId'], names),
    keysOf: (predictionId) => [keyOf(keyspaces.prediction.pattern, { predictionId })],
  },
};

/** Collects the cache keys affected by many batches of one record, at low cost per row. */
export class AffectedKeys<N extends RecordName> {
  readonly #rule: KeyRule | undefined;
  #names: Names = new Map();

  constructor(record: N) {
    this.#rule = keyRules[record];
  }

  add(batch: Batch<N>): void {
    try {
      this.#rule?.gather(batch, this.#names);
    } catch {
      // The store refuses a batch that cannot be read.
    }
  }

  /** Returns the keys of the read-through cache whose values the added batches may change, each once, and resets. */
  take(): string[] {
    const names = this.#names;
    this.#names = new Map();
    return [...names].flatMap(([name, features]) => this.#rule!.keysOf(name, features));
  }
}

/** Returns the cache keys affected by one batch. */
export function affectedKeys<N extends RecordName>(record: N, batch: Batch<N>): string[] {
  const affected = new AffectedKeys(record);
  affected.add(batch);
  return affected.take();
}

type Row = Readonly<Record<string, unknown>> | undefined | null;

/** `nameOf` reads the field: with the name in the code, it is several times as fast. */
function gatherField(
  batch: unknown,
  field: string,
  list: string,
  nameOf: (row: Row) => unknown,
  names: Names,
): void {
  const rows = (batch as Row)?.[list];
  if (isColumnBatch(batch)) gatherValues(columnValues(batch, field), names);
  else if (Array.isArray(rows)) {
    const all = rows as readonly Row[];
    gatherValues({ length: all.length, at: (index) => nameOf(all[index]) }, names);
  }
}

/** The values of a field, row by row. */
interface Values {
  readonly length: number;
  at(index: number): unknown;
}

function gatherValues({ length, at }: Values, names: Names): void {
  let previous: unknown;
  forEachReadable(length, (index) => {
    const name = at(index);
    // Rows of one symbol often follow each other.
    if (name === previous) return;
    previous = name;
    note(name, names);
  });
}

/** Visits all rows, also those after one whose visit throws: such a row is refused, the others are not. */
function forEachReadable(length: number, visit: (index: number) => void): void {
  for (let index = 0; index < length; index++) {
    try {
      visit(index);
    } catch {
      continue;
    }
  }
}

function note(name: unknown, names: Names): void {
  if (typeof name === 'string' && !names.has(name)) names.set(name, NO_FEATURES);
}

function gatherFeatures(batch: unknown, names: Names): void {
  if (isColumnBatch(batch)) {
    const symbols = columnValues(batch, 'symbol', true);
    const featureNames = columnValues(batch, 'featureName', true);
    forEachReadable(symbols.length, (index) =>
      noteFeatures(symbols.at(index), [featureNames.at(index)], names),
    );
  } else if (Array.isArray(batch)) {
    const sets = batch as readonly (Partial<FeatureBatch> | undefined)[];
    forEachReadable(sets.length, (index) => {
      const set = sets[index];
      noteFeatures(set?.symbol, Object.keys(set?.features ?? {}), names);
    });
  }
}

function noteFeatures(symbol: unknown, features: readonly unknown[], names: Names): void {
  if (typeof symbol !== 'string') return;
  const known = (names.get(symbol) as Set<string> | undefined) ?? new Set();
  names.set(symbol, known);
  for (const feature of features) if (typeof feature === 'string') known.add(feature);
}

/**
 * The values of a field in the rows, or with `byRow` false some in which each of them is: one of a constant, and those of a
 * dictionary that is shorter than its rows.
 */
function columnValues(batch: ColumnBatch<RecordName>, field: string, byRow = false): Values {
  const { columns, constants } = batch as {
    readonly columns: Readonly<Record<string, Column | undefined>>;
    readonly constants?: Readonly<Record<string, unknown>>;
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
