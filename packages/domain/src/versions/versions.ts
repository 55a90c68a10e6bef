import { readMember, requireObject } from '../arguments.js';
import { ValidationError } from '../errors.js';
import type { TimeSource } from '../ports/clock.js';
import type { Batch } from '../records/column-batch.js';
import { isColumnBatch } from '../records/column-batch.js';
import type { RecordDefinition } from '../records/definition.js';
import type { FeatureBatch } from '../records/feature.js';
import { toCanonicalField } from '../records/field.js';
import { MAX_INSTANT, MIN_INSTANT } from '../records/kinds/number.js';
import { Invalid } from '../records/kinds/kind.js';
import type { RecordName } from '../records/records.js';
import { records } from '../records/records.js';

/** @default 300,000 (milliseconds) */
export const DEFAULT_MAX_FUTURE_SKEW_MS = 300_000;

const VERSIONS_PER_MS = 100_000;
/** Versions without a batch time use the first thousand of a millisecond, so that those with one always find some left. */
const IMPLICIT_SEQUENCES = 1_000;
/** Number of shared sequences. A prime spreads batch times on whole seconds or days. */
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
   * Records that the write with this version is stored. A later write of the same time may then have the same version: of
   * equal versions the store keeps the one that arrives later. The order of writes therefore holds across processes too, if
   * each write is awaited.
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

/** Versions issued so far, as a millisecond and a sequence number within it. */
class IssuedVersions {
  /** The greatest version issued. */
  #lastMs = MIN_INSTANT;
  #lastSequence = -1;
  /** The next free sequence number of each millisecond. Milliseconds that share one leave gaps. */
  readonly #nextSequences = new Uint32Array(SHARED_SEQUENCES);
  /** Number of writes with these numbers that are not known to be stored. */
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

/** Version of all rows of a batch. A batch of sets has one version for each set, or the reason why its time is refused. */
export type BatchVersion = bigint | readonly (bigint | Invalid)[];

/**
 * Draws the version of a batch. Call it before the API call with the batch returns.
 * @throws ValidationError when the batch's time is wrong, or lies too far in the future
 */
export function drawVersion<N extends RecordName>(
  record: N,
  batch: Batch<N>,
  clock: VersionClock,
): BatchVersion {
  const definition: RecordDefinition = records[record];
  if (definition.batch.form === 'sets' && !isColumnBatch(batch)) return versionsOf(batch, clock);
  const operation = `${definition.name}.insert`;
  const timestamp = timestampOfBatch(batch, operation);
  const version = timestamp === undefined ? clock.next() : versionOf(timestamp, clock);
  if (version instanceof Invalid) throw new ValidationError('timestamp', version.reason, { operation });
  return version;
}

function timestampOfBatch(batch: unknown, operation: string): unknown {
  try {
    if (typeof batch === 'object') return (batch as { timestamp?: unknown }).timestamp;
  } catch {
    // Read again below, for the error.
  }
  return readMember(requireObject('batch', batch as object, operation), 'timestamp', operation);
}

/**
 * Returns whether a batch gives its own time (`timestamp`, or `computedAt` of one of its feature sets), so that its rows
 * may be older than what is stored. A batch whose time cannot be read counts as one that does.
 */
export function hasOwnTime<N extends RecordName>(record: N, batch: Batch<N>): boolean {
  const definition: RecordDefinition = records[record];
  try {
    if (definition.batch.form === 'sets' && !isColumnBatch(batch)) {
      const sets = Array.from(batch as readonly (FeatureBatch | null | undefined)[]);
      return sets.some((set) => set?.computedAt !== undefined);
    }
    return (batch as { timestamp?: unknown }).timestamp !== undefined;
  } catch {
    return true;
  }
}

/** Records that all rows of a batch are stored, in the version that was drawn for it. */
export function settleVersion(version: BatchVersion, clock: VersionClock): void {
  if (typeof version === 'bigint') return clock.settle(version);
  for (const each of new Set(version)) if (typeof each === 'bigint') clock.settle(each);
}

/** Draws a version for each set. Sets without a time share one. A value that is no list is left to the batch's check. */
function versionsOf(batches: unknown, clock: VersionClock): (bigint | Invalid)[] {
  if (!Array.isArray(batches)) return [];
  let now: bigint | undefined;
  return Array.from(batches as readonly (FeatureBatch | null | undefined)[], (batch) => {
    try {
      const computedAt: unknown = batch?.computedAt;
      return computedAt === undefined ? (now ??= clock.next()) : versionOf(computedAt, clock);
    } catch {
      return new Invalid('cannot be read');
    }
  });
}

function versionOf(time: unknown, clock: VersionClock): bigint | Invalid {
  const ms = toCanonicalField({ kind: 'instant' }, time);
  return ms instanceof Invalid ? ms : clock.at(ms as number);
}
