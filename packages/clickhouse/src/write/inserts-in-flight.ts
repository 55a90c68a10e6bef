import type { CallOptions } from '@quantumtrade/dal-domain';
import { TimeoutError } from '@quantumtrade/dal-domain';
import { Deadline } from '@quantumtrade/dal-runtime';
import type { EncodedBlock } from '../codec/block-builder.js';
import type { BlockKeys } from './block-keys.js';

/**
 * The inserts into one table that have been called and have not ended, in the order of their calls. Two that may have a key
 * in common depend on each other: the later one sends its rows only when the earlier one has looked up which keys are there,
 * and counts the keys of the earlier one as there. So each new key is counted once, by the first insert that stores it.
 */
export class InsertsInFlight {
  readonly #inserts = new Set<InsertInFlight>();

  /** Begins the inserts of one batch, before its call returns. Whoever begins an insert ends it. */
  begin(groups: readonly (readonly EncodedBlock[])[]): InsertInFlight[] {
    const before = [...this.#inserts];
    return groups.map((blocks) => {
      const earlier = before.filter((other) => other.mayMeet(blocks));
      const insert = new InsertInFlight(blocks, earlier, () => this.#inserts.delete(insert));
      this.#inserts.add(insert);
      return insert;
    });
  }
}

export class InsertInFlight {
  /** The keys of its rows; undefined when it ended before they were known. */
  readonly keys = new Later<BlockKeys | undefined>();
  /** Resolves when it has looked up which of its keys are there, or has ended. */
  readonly lookedUp = new Later<void>();
  /** Resolves when it has ended, with whether all its rows are stored. */
  readonly stored = new Later<boolean>();
  readonly blocks: readonly EncodedBlock[];
  /** The symbols of each month; none where the record has no symbol. */
  readonly #symbols: ReadonlyMap<number, readonly string[]>;
  readonly #onEnd: () => void;
  #earlier: readonly InsertInFlight[];

  constructor(blocks: readonly EncodedBlock[], earlier: readonly InsertInFlight[], onEnd: () => void) {
    this.blocks = blocks;
    this.#symbols = new Map(blocks.map(({ month, symbols }) => [month, symbols]));
    this.#earlier = earlier;
    this.#onEnd = onEnd;
  }

  /** Whether rows of these blocks may have a key of this insert, as far as months and symbols tell. */
  mayMeet(blocks: readonly EncodedBlock[]): boolean {
    return blocks.some(({ month, symbols }) => {
      const ours = this.#symbols.get(month);
      if (!ours) return false;
      if (ours.length === 0) return true;
      const theirs = new Set(symbols);
      return ours.some((symbol) => theirs.has(symbol));
    });
  }

  /** The inserts called before this one that may have one of its keys; none once it has ended. */
  get earlier(): readonly InsertInFlight[] {
    return this.#earlier;
  }

  end(stored: boolean): void {
    this.keys.resolve(undefined);
    this.lookedUp.resolve();
    this.stored.resolve(stored);
    this.#earlier = [];
    this.#onEnd();
  }
}

/** A promise that is resolved from outside; the first time counts. */
class Later<T> {
  readonly promise: Promise<T>;
  resolve!: (value: T) => void;

  constructor() {
    this.promise = new Promise((resolve) => (this.resolve = resolve));
  }
}

/** Waits for others, where there are any, but no longer than the call may take. */
export async function within<T>(
  operation: string,
  options: CallOptions | undefined,
  others: readonly Promise<T>[],
): Promise<readonly T[]> {
  if (others.length === 0) return [];
  const deadline = new Deadline(options, (elapsedMs) => new TimeoutError(elapsedMs, { operation }));
  return deadline.race(Promise.all(others));
}
