import { ValidationError } from '../errors.js';
import type { TimeSource } from '../ports/clock.js';
import { MAX_INSTANT, MIN_INSTANT } from '../records/kinds/instant.js';
import { Invalid } from '../records/kinds/kind.js';

/** @default 300,000 (milliseconds) */
export const DEFAULT_MAX_FUTURE_SKEW_MS = 300_000;

const VERSIONS_PER_MS = 100_000;
/** Versions without a batch time use the first thousand of a millisecond, so that those with one always find some left. */
const IMPLICIT_SEQUENCES = 1_000;
/** A prime, so that batch times on whole seconds or days spread. */
const SHARED_SEQUENCES = 8_191;

/** Converts epoch milliseconds to the first version of that millisecond. */
export const versionAt = (ms: number): bigint => BigInt(ms) * BigInt(VERSIONS_PER_MS);

/**
 * Issues versions: units of 10 ns since the epoch that decide between two writes of one key. Each version is greater than
 * every version issued before it for the same time, whatever the clock does. All version clocks over one `TimeSource` share what
 * they have issued.
 */
export class VersionClock {
  readonly #clock: TimeSource;
  readonly #maxFutureSkewMs: number;
  readonly #issued: IssuedVersions;

  /**
   * A batch time more than `maxFutureSkewMs` ahead of the clock is refused.
   * @throws ValidationError when `maxFutureSkewMs` is no number from 0 on
   */
  constructor(clock: TimeSource, maxFutureSkewMs = DEFAULT_MAX_FUTURE_SKEW_MS) {
    if (typeof maxFutureSkewMs !== 'number' || !(maxFutureSkewMs >= 0)) {
      throw new ValidationError('maxFutureSkewMs', 'must be 0 or more', { operation: 'timeSeries.open' });
    }
    this.#clock = clock;
    this.#maxFutureSkewMs = maxFutureSkewMs;
    this.#issued = issuedBy(clock);
  }

  /** Issues a version for a write that happens now: greater than every version issued before. */
  next(): bigint {
    return this.#issued.next(Math.min(Math.floor(this.#clock.now()), MAX_INSTANT));
  }

  /**
   * Issues a version for a batch made at this time, a canonical instant: within that millisecond, greater than every version
   * of a write in it that may still be under way, and not smaller than any other. Returns why a time is refused. After 100,000
   * batches of one time, the others share one version.
   */
  at(batchTime: number): bigint | Invalid {
    if (batchTime - this.#clock.now() > this.#maxFutureSkewMs) {
      return new Invalid(`must not lie more than ${this.#maxFutureSkewMs / 1_000} s in the future`);
    }
    return this.#issued.within(batchTime);
  }

  /**
   * Tells that the write with this version is stored. A later write of the same time may then have the same version: of equal
   * versions the store keeps the one that arrives later. So the order of writes holds across processes too, which do not know
   * of each other's versions, as long as each write is awaited.
   */
  settle(version: bigint): void {
    this.#issued.settle(version);
  }
}

const histories = new WeakMap<TimeSource, IssuedVersions>();

function issuedBy(clock: TimeSource): IssuedVersions {
  let issued = histories.get(clock);
  if (!issued) histories.set(clock, (issued = new IssuedVersions()));
  return issued;
}

/** The versions issued so far, as a millisecond and a sequence number within it. */
class IssuedVersions {
  /** The greatest version issued. */
  #lastMs = MIN_INSTANT;
  #lastSequence = -1;
  /** The next free sequence number of each millisecond. Milliseconds that share one leave gaps. */
  readonly #nextSequences = new Uint32Array(SHARED_SEQUENCES);
  /** How many writes with these numbers are not known to be stored. */
  readonly #underWay = new Uint32Array(SHARED_SEQUENCES);

  next(now: number): bigint {
    if (now > this.#lastMs) return this.#issue(now, 0);
    const sequence = this.#lastSequence + 1;
    return sequence < IMPLICIT_SEQUENCES
      ? this.#issue(this.#lastMs, sequence)
      : this.#issue(this.#lastMs + 1, 0);
  }

  within(ms: number): bigint {
    const slot = slotOf(ms);
    const next = this.#nextSequences[slot]!;
    const sequence = this.#underWay[slot]! > 0 ? next : Math.max(0, next - 1);
    return this.#issue(ms, Math.min(sequence, VERSIONS_PER_MS - 1));
  }

  settle(version: bigint): void {
    const slot = slotOf(msOf(version));
    if (this.#underWay[slot]! > 0) this.#underWay[slot]!--;
  }

  #issue(ms: number, sequence: number): bigint {
    const slot = slotOf(ms);
    this.#nextSequences[slot] = Math.max(this.#nextSequences[slot]!, sequence + 1);
    this.#underWay[slot]!++;
    if (ms > this.#lastMs || (ms === this.#lastMs && sequence > this.#lastSequence)) {
      this.#lastMs = ms;
      this.#lastSequence = sequence;
    }
    return versionAt(ms) + BigInt(sequence);
  }
}

function msOf(version: bigint): number {
  const perMs = BigInt(VERSIONS_PER_MS);
  return Number((version - (((version % perMs) + perMs) % perMs)) / perMs);
}

const slotOf = (ms: number): number => Math.abs(ms) % SHARED_SEQUENCES;
