import type { Canonical, RecordDefinition } from '@quantumtrade/dal-domain';
import { columnOf } from '@quantumtrade/dal-domain';
import type { DecodedBlock } from '../native/block-decoder.js';
import type { Column } from '../native/column-readers/column.js';

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

  get instants(): Set<number> {
    return new Set(Array.from(this.#each(['timestamp']), ([instant]) => instant as number));
  }

  /** Each key once. */
  texts(): Set<string> {
    return new Set(Array.from(this.#each(this.definition.key), keyText));
  }

  /** When each row was written, by its key; of several, the newest. */
  versions(): Map<string, number> {
    const newest = new Map<string, number>();
    for (const values of this.#each([...this.definition.key, 'writtenAt'])) {
      const writtenAt = Number(values.pop());
      const key = keyText(values);
      newest.set(key, Math.max(writtenAt, newest.get(key) ?? -Infinity));
    }
    return newest;
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
