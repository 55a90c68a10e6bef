import type { CallOptions } from '@quantumtrade/dal-domain';
import { TimeoutError } from '@quantumtrade/dal-domain';
import { Deadline } from '@quantumtrade/dal-runtime';
import type { StoredVersions } from './block-keys.js';
import { BlockKeys } from './block-keys.js';

/** The writes of one record that were called and have not ended, in the order of the calls. */
export class InFlightWrites {
  readonly #writes = new Set<InFlightWrite>();

  /**
   * Begins the writes of one call, before that call returns, given the keys of each or what reads them. Each write has to be
   * ended.
   */
  begin(keys: readonly KeySource[]): InFlightWrite[] {
    const earlier = [...this.#writes];
    return keys.map((each) => {
      const write = new InFlightWrite(each, earlier, () => this.#writes.delete(write));
      this.#writes.add(write);
      return write;
    });
  }
}

/** Keys, or a function that reads them when two writes have to be compared. */
type KeySource = BlockKeys | (() => Promise<BlockKeys>);

const NONE: StoredVersions = new Map();

/** A write that has not ended. */
export class InFlightWrite {
  readonly #source: KeySource;
  readonly #onEnd: () => void;
  readonly #lookedUp = new Settable<void>();
  readonly #stored = new Settable<boolean>();
  #earlier: readonly InFlightWrite[];
  #keys: Promise<BlockKeys> | undefined;

  constructor(source: KeySource, earlier: readonly InFlightWrite[], onEnd: () => void) {
    this.#source = source;
    this.#earlier = earlier;
    this.#onEnd = onEnd;
  }

  /** Returns the keys of the rows. To be called for the first time while the write is in flight. */
  keys(): Promise<BlockKeys> {
    const source = this.#source;
    return (this.#keys ??= source instanceof BlockKeys ? Promise.resolve(source) : source());
  }

  /** Returns the writes that were called before this one, are in flight when this method is called and have one of its keys. */
  async conflicts(): Promise<readonly InFlightWrite[]> {
    const earlier = this.#earlier;
    if (earlier.length === 0) return earlier;
    const own = this.keys();
    const theirs = earlier.map((write) =>
      write.#source instanceof BlockKeys ? write.#source : write.keys(),
    );
    const [ownKeys, ...keys] = await Promise.all([own, ...theirs]);
    return earlier.filter((_, n) => keys[n]!.meets(ownKeys!));
  }

  /** Resolves when the keys of the write are looked up, or it has ended. */
  get lookedUp(): Promise<void> {
    return this.#lookedUp.promise;
  }

  /** Says that the keys in the table are looked up: writes of the same keys may be sent from now on. */
  endLookup(): void {
    this.#lookedUp.resolve();
  }

  /** Returns what the write has stored once it has ended. */
  async storedVersions(): Promise<StoredVersions> {
    return (await this.#stored.promise) ? (await this.keys()).versions() : NONE;
  }

  /** Ends the write; the first call counts. Resolves when the bytes of the write are not read any more. */
  async end(stored: boolean): Promise<void> {
    this.#lookedUp.resolve();
    this.#stored.resolve(stored);
    this.#earlier = [];
    this.#onEnd();
    await this.#keys?.catch(() => undefined);
  }
}

/** A promise that is settled from outside; the first time counts. */
class Settable<T> {
  readonly promise: Promise<T>;
  resolve!: (value: T) => void;

  constructor() {
    this.promise = new Promise((resolve) => (this.resolve = resolve));
  }
}

/** Waits for all of these, but no longer than the call may take. */
export async function waitWithin<T>(
  operation: string,
  options: CallOptions | undefined,
  promises: readonly Promise<T>[],
): Promise<readonly T[]> {
  if (promises.length === 0) return [];
  const deadline = new Deadline(options, (elapsedMs) => new TimeoutError(elapsedMs, { operation }));
  return deadline.race(Promise.all(promises));
}
