import type { Canonical, RecordDefinition } from '@quantumtrade/dal-domain';
import { columnOf, versionAt } from '@quantumtrade/dal-domain';
import type { DecodedBlock } from '../codec/read/block-decoder.js';
import type { Column } from '../codec/read/column.js';

/** One text for each key of a record, e.g. `["AAPL","1577836800000","vendor"]`. */
export const keyText = (values: readonly unknown[]): string => JSON.stringify(values.map(String));

/** The keys of encoded rows, and what can be said of them at a glance. */
export class BlockKeys {
  readonly definition: RecordDefinition;
  readonly rowCount: number;
  /** The values of the key's first field. */
  readonly leads: ReadonlySet<Canonical>;
  readonly first: number;
  readonly last: number;
  /** Whether the rows of every lead come in order of time, no two at one instant; then no key comes twice. */
  readonly ascending: boolean;
  readonly #blocks: readonly DecodedBlock[];
  #versions: ReadonlyMap<string, bigint> | undefined;

  constructor(definition: RecordDefinition, blocks: readonly DecodedBlock[]) {
    this.definition = definition;
    this.#blocks = blocks;
    this.rowCount = blocks.reduce((sum, block) => sum + block.rowCount, 0);
    const newest = new Map<Canonical, number>();
    let first = Infinity;
    let last = -Infinity;
    let ascending = true;
    for (const block of blocks) {
      const leads = block.column(columnOf(definition.key[0]!)) as Column<Canonical>;
      const times = block.column('timestamp') as Column<number>;
      for (let row = 0; row < block.rowCount; row++) {
        const lead = leads.at(row);
        const time = times.at(row);
        if (time < first) first = time;
        if (time > last) last = time;
        if (time <= (newest.get(lead) ?? -Infinity)) ascending = false;
        newest.set(lead, time);
      }
    }
    this.leads = new Set(newest.keys());
    this.first = first;
    this.last = last;
    this.ascending = ascending;
  }

  /** Whether a row of each has the same key. Costs next to nothing where their leads or times are apart. */
  meets(other: BlockKeys): boolean {
    if (this.first > other.last || other.first > this.last) return false;
    if (isDisjoint(this.leads, other.leads)) return false;
    return !isDisjoint(this.versions(), other.versions());
  }

  get instants(): Set<number> {
    return new Set(Array.from(this.#each(['timestamp']), ([instant]) => instant as number));
  }

  /** The newest version of each key. */
  versions(): ReadonlyMap<string, bigint> {
    return (this.#versions ??= this.#newestVersions());
  }

  #newestVersions(): Map<string, bigint> {
    const newest = new Map<string, bigint>();
    for (const { key, version } of this.rows()) {
      if (!(newest.get(key)! >= version)) newest.set(key, version);
    }
    return newest;
  }

  /** The key and the version of each row. */
  *rows(): Generator<{ readonly key: string; readonly version: bigint }, void, undefined> {
    for (const values of this.#each([...this.definition.key, 'writtenAt'])) {
      const version = values.pop() as bigint | number;
      // Blocks that were encoded before versions were unique have epoch milliseconds.
      yield {
        key: keyText(values),
        version: typeof version === 'number' ? versionAt(version) : version,
      };
    }
  }

  *#each(names: readonly string[]): Generator<Canonical[], void, undefined> {
    for (const block of this.#blocks) {
      const columns = names.map((name) => block.column(columnOf(name)));
      for (let row = 0; row < block.rowCount; row++) {
        yield columns.map((column) => column.at(row) as Canonical);
      }
    }
  }
}

interface Keyed<K> {
  readonly size: number;
  has(key: K): boolean;
  keys(): Iterable<K>;
}

function isDisjoint<K>(a: Keyed<K>, b: Keyed<K>): boolean {
  const [few, many] = a.size < b.size ? [a, b] : [b, a];
  for (const key of few.keys()) if (many.has(key)) return false;
  return true;
}
