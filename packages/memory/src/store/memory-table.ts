import type {
  Canonical,
  PreparedRow,
  RecordDefinition,
  Row,
  RowOrder,
  SelectionPlan,
} from '@quantumtrade/dal-domain';
import { rowComparison, supersededRows } from '@quantumtrade/dal-domain';
import type { Entry } from './series.js';
import { readOrder, Series } from './series.js';

/** Outcome of an upsert: the key was new, existed, or existed in a newer version, which stays. */
export type Upserted = 'inserted' | 'updated' | 'superseded';

/** The rows of one record by key, indexed by some of the key's fields. Of two versions of one key the newer one stays. */
export class MemoryTable {
  readonly #definition: RecordDefinition;
  readonly #order: (a: Row, b: Row) => number;
  readonly #entries = new Map<string, Entry>();
  readonly #indexes: ReadonlyMap<string, Map<Canonical, Series>>;

  /** Rows are found without a scan by the first field of the key and by the record's identifier. */
  constructor(definition: RecordDefinition) {
    this.#definition = definition;
    this.#order = readOrder(definition);
    const { key, identifier } = definition;
    const indexed = new Set([key[0]!, ...(identifier === undefined ? [] : [identifier])]);
    this.#indexes = new Map(Array.from(indexed, (name) => [name, new Map()]));
  }

  get rowCount(): number {
    return this.#entries.size;
  }

  upsert({ row, version }: PreparedRow): Upserted {
    const key = this.#keyOf(row);
    const entry = this.#entries.get(key);
    if (!entry) {
      this.#insert(key, { row, version });
      return 'inserted';
    }
    if (version < entry.version) return 'superseded';
    Object.assign(entry, { row, version });
    return 'updated';
  }

  /** Returns the positions of the rows that lose to a stored version, or to an earlier one of these rows. */
  superseded(rows: readonly PreparedRow[]): number[] {
    const keys = rows.map(({ row, version }) => ({ key: this.#keyOf(row), version }));
    return supersededRows(
      () => keys,
      (key) => [this.#entries.get(key)?.version],
    );
  }

  /** Returns the version of the row with this key. */
  versionOf(key: Row): bigint | undefined {
    return this.#entries.get(this.#keyOf(key))?.version;
  }

  has(key: Row): boolean {
    return this.#entries.has(this.#keyOf(key));
  }

  /**
   * Returns the matching rows in an order.
   * @param check called with the number of rows that are looked at, before they are; it may throw
   */
  find(selection: SelectionPlan, order: RowOrder, check?: (scanned: number) => void): Row[] {
    const { equals, symbols, start, end } = selection;
    const scanned = this.#seriesOf(selection).map((series) => series.rows(start, end));
    check?.(scanned.reduce((total, rows) => total + rows.length, 0));
    const matches = (row: Row) =>
      equals.every(({ name, value }) => row[name] === value) &&
      (symbols === undefined || symbols.includes(row['symbol'] as string));
    const rows = scanned.flatMap((series) => series.filter(matches));
    // The rows of one series are in time order already.
    const isSorted = scanned.length < 2 && order.by === 'time' && !order.descending;
    return isSorted || order.by === 'none' ? rows : rows.sort(rowComparison(order));
  }

  /** Returns the series that hold all matching rows. */
  #seriesOf({ equals, symbols }: SelectionPlan): Series[] {
    const [[firstName, first]] = this.#indexes as unknown as [[string, Map<Canonical, Series>]];
    const indexed = equals.find(({ name }) => this.#indexes.has(name));
    const found = indexed
      ? [this.#indexes.get(indexed.name)!.get(indexed.value)]
      : firstName === 'symbol' && symbols
        ? symbols.map((symbol) => first.get(symbol))
        : [...first.values()];
    return found.filter((series) => series !== undefined);
  }

  /** Returns the rows with their versions, as they are now. */
  rows(): PreparedRow[] {
    return Array.from(this.#entries.values(), ({ row, version }) => ({ row, version }));
  }

  clear(): void {
    this.#entries.clear();
    for (const index of this.#indexes.values()) index.clear();
  }

  #insert(key: string, entry: Entry): void {
    this.#entries.set(key, entry);
    for (const [name, index] of this.#indexes) {
      const value = entry.row[name]!;
      let series = index.get(value);
      if (!series) index.set(value, (series = new Series(this.#order)));
      series.add(entry);
    }
  }

  #keyOf(row: Row): string {
    const parts = this.#definition.key.map((name) => row[name]!);
    return parts.map((part) => (typeof part === 'string' ? JSON.stringify(part) : part)).join();
  }
}
