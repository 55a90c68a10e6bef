import type { Batch, Column, ColumnBatch, FeatureBatch, RecordName } from '@quantumtrade/dal-domain';
import { isColumnBatch, keyOf, keyspaces } from '@quantumtrade/dal-domain';

/** Symbols, or ids of predictions, each with the names of its features. */
type Names = Map<string, Set<string>>;

interface Touching {
  /** Adds what a batch touches, also one that nobody has checked yet. */
  gather(batch: unknown, names: Names): void;
  keysOf(name: string, features: ReadonlySet<string>): string[];
}

const touching: { readonly [N in RecordName]?: Touching } = {
  marketData: {
    gather: (batch, names) => gatherField(batch, 'records', 'symbol', names),
    keysOf: (symbol) => [keyOf(keyspaces.latestMarketData.pattern, { symbol })],
  },
  features: {
    gather: gatherFeatures,
    keysOf: (symbol, features) => [
      keyOf(keyspaces.latestFeatures.pattern, { symbol }),
      ...[...features].map((featureName) => keyOf(keyspaces.featureValue.pattern, { symbol, featureName })),
    ],
  },
  predictions: {
    gather: (batch, names) => gatherField(batch, 'predictions', 'predictionId', names),
    keysOf: (predictionId) => [keyOf(keyspaces.prediction.pattern, { predictionId })],
  },
};

/** Gathers what many batches of one record touch, at little cost for each of their rows. */
export class TouchedKeys<N extends RecordName> {
  readonly #touching: Touching | undefined;
  #names: Names = new Map();

  constructor(record: N) {
    this.#touching = touching[record];
  }

  add(batch: Batch<N>): void {
    this.#touching?.gather(batch, this.#names);
  }

  /** The keys of the read-through cache whose values the batches may change, each once. Begins anew. */
  take(): string[] {
    const names = this.#names;
    this.#names = new Map();
    return [...names].flatMap(([name, features]) => this.#touching!.keysOf(name, features));
  }
}

/** The same of one batch. */
export function touchedKeys<N extends RecordName>(record: N, batch: Batch<N>): string[] {
  const touched = new TouchedKeys(record);
  touched.add(batch);
  return touched.take();
}

/** The values of a field, row by row. */
interface Values {
  readonly length: number;
  at(index: number): unknown;
}

function gatherField(batch: unknown, list: string, field: string, names: Names): void {
  const { length, at } = isColumnBatch(batch) ? columnValues(batch, field) : rowValues(batch, list, field);
  let previous: unknown;
  for (let index = 0; index < length; index++) {
    const name = at(index);
    // Rows of one symbol often follow each other.
    if (name === previous) continue;
    previous = name;
    note(name, names);
  }
}

function gatherFeatures(batch: unknown, names: Names): void {
  if (isColumnBatch(batch)) {
    const symbols = columnValues(batch, 'symbol', true);
    const featureNames = columnValues(batch, 'featureName', true);
    const length = Math.min(symbols.length, featureNames.length);
    for (let index = 0; index < length; index++) note(symbols.at(index), names, [featureNames.at(index)]);
  } else if (Array.isArray(batch)) {
    for (const each of batch as readonly (Partial<FeatureBatch> | undefined)[]) {
      note(each?.symbol, names, Object.keys(each?.features ?? {}));
    }
  }
}

function note(name: unknown, names: Names, features: readonly unknown[] = []): void {
  if (typeof name !== 'string') return;
  let known = names.get(name);
  if (!known) names.set(name, (known = new Set()));
  for (const feature of features) if (typeof feature === 'string') known.add(feature);
}

function rowValues(batch: unknown, list: string, field: string): Values {
  const rows = (batch as Readonly<Record<string, unknown>> | undefined)?.[list];
  if (!Array.isArray(rows)) return { length: 0, at: () => undefined };
  const all = rows as readonly (Readonly<Record<string, unknown>> | undefined)[];
  return { length: all.length, at: (index) => all[index]?.[field] };
}

/** Where rows need not be told apart, a constant is one value, and of a dictionary shorter than its rows each text is. */
function columnValues(batch: ColumnBatch<RecordName>, field: string, byRow = false): Values {
  const { columns, constants } = batch as {
    readonly columns: Readonly<Record<string, Column | undefined>>;
    readonly constants?: Readonly<Record<string, unknown>>;
  };
  const column = columns[field];
  if (!column) return { length: byRow ? Infinity : 1, at: () => constants?.[field] };
  if (!('dictionary' in column)) return { length: column.length, at: (index) => column[index] };
  const { dictionary, positions } = column;
  return byRow || positions.length < dictionary.length
    ? { length: positions.length, at: (index) => dictionary[positions[index]!] }
    : { length: dictionary.length, at: (index) => dictionary[index] };
}
