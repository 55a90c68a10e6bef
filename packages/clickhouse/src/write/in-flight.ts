import type { CallOptions } from '@quantumtrade/dal-domain';
import { TimeoutError } from '@quantumtrade/dal-domain';
import { Deadline } from '@quantumtrade/dal-runtime';
import type { StoredVersions } from './block-keys.js';
import { BlockKeys, NO_VERSIONS } from './block-keys.js';

/** The writes of one record that were called and have not ended, in the order of the calls. */
export class InFlightWrites {
  readonly #writes = new Set<InFlightWrite>();

  /**
   * Begins the writes of one call, before that call returns, given the keys of each or what reads them. Each write has to be
   * ended.
   */
  begin(keys: readonly KeySource[]): InFlightWrite[] {
    const earlier = [...this.#writes];
    const begun: InFlightWrite[] = [];
    for (const each of keys) begun.push(new InFlightWrite(each, earlier, this.#writes));
    return begun;
  }
}

/** Keys, or a function that reads them when two writes have to be compared. */
type KeySource = BlockKeys | (() => Promise<BlockKeys>);

/** A write that has not ended. */
export class InFlightWrite {
  /** Whether writes that were called before this one were in flight when it began. */
  readonly hasEarlier: boolean;
  readonly #source: KeySource;
  readonly #inFlight: Set<InFlightWrite>;
  #earlier: readonly InFlightWrite[];
  #keys: Promise<BlockKeys> | undefined;
  /** Comparisons of later writes with this one, which read its bytes. */
  readonly #comparisons: Promise<unknown>[] = [];
  #state: 'begun' | 'lookedUp' | 'stored' | 'failed' = 'begun';
  /** Resolve functions of those who wait for the next state. */
  #waiting: (() => void)[] = [];

  /** Adds the write to those in flight. */
  constructor(source: KeySource, earlier: readonly InFlightWrite[], inFlight: Set<InFlightWrite>) {
    this.hasEarlier = earlier.length > 0;
    this.#source = source;
    this.#earlier = earlier;
    this.#inFlight = inFlight;
    inFlight.add(this);
  }

  /** Returns the keys of the rows. To be called for the first time while the write is in flight. */
  keys(): Promise<BlockKeys> {
    const source = this.#source;
    return (this.#keys ??= source instanceof BlockKeys ? Promise.resolve(source) : source());
  }

  /** Returns the writes that were called before this one, are in flight when this method is called and have one of its keys. */
  conflicts(): Promise<readonly InFlightWrite[]> {
    const earlier = this.#earlier;
    const comparison = this.#compareWith(earlier);
    for (const write of earlier) write.#comparisons.push(comparison);
    return comparison;
  }

  async #compareWith(earlier: readonly InFlightWrite[]): Promise<readonly InFlightWrite[]> {
    const own = this.keys();
    const theirs = earlier.map((write) =>
      write.#source instanceof BlockKeys ? write.#source : write.keys(),
    );
    const [ownKeys, ...keys] = await Promise.all([own, ...theirs]);
    return earlier.filter((_, n) => keys[n]!.meets(ownKeys!));
  }

  /** Resolves when the keys of the write are looked up, or it has ended. */
  async lookedUp(): Promise<void> {
    while (this.#state === 'begun') await this.#nextState();
  }

  /** Returns what the write has stored once it has ended. */
  async storedVersions(): Promise<StoredVersions> {
    while (this.#state === 'begun' || this.#state === 'lookedUp') await this.#nextState();
    return this.#state === 'stored' ? (await this.keys()).versions() : NO_VERSIONS;
  }

  #nextState(): Promise<void> {
    return new Promise((resolve) => this.#waiting.push(resolve));
  }

  /** Marks the keys as looked up: writes of the same keys may be sent from now on. */
  endLookup(): void {
    this.#state = 'lookedUp';
    if (this.#waiting.length > 0) this.#wake();
  }

  /** Ends the write; the first call counts. */
  end(stored: boolean): void {
    if (this.#state === 'stored' || this.#state === 'failed') return;
    this.#state = stored ? 'stored' : 'failed';
    this.#earlier = [];
    this.#inFlight.delete(this);
    if (this.#waiting.length > 0) this.#wake();
  }

  /** Resolves when the bytes of the write, which has ended, are not read any more. */
  async released(): Promise<void> {
    await Promise.allSettled([this.#keys, ...this.#comparisons]);
  }

  #wake(): void {
    const waiting = this.#waiting;
    this.#waiting = [];
    for (const resolve of waiting) resolve();
  }
}

/** Waits for all of these, but no longer than the call may take. */
export async function waitWithin<T>(
  operation: string,
  options: CallOptions | undefined,
  promises: readonly Promise<T>[],
): Promise<readonly T[]> {
  const deadline = new Deadline(options, (elapsedMs) => new TimeoutError(elapsedMs, { operation }));
  return deadline.race(Promise.all(promises));
}
