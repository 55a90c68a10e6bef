import { ValidationError } from '../errors.js';
import type { Batch } from '../records/column-batch.js';
import { isColumnBatch } from '../records/column-batch.js';
import type { RecordDefinition } from '../records/definition.js';
import type { FeatureBatch } from '../records/feature.js';
import { readMember, requireObject } from '../arguments.js';
import { toCanonicalField } from '../records/field.js';
import { Invalid } from '../records/kinds/kind.js';
import type { RecordName } from '../records/records.js';
import { records } from '../records/records.js';
import type { VersionClock } from './version-clock.js';

/** The version of all rows of a batch; of feature batches, of each of them, or why its time is refused. */
export type BatchVersion = bigint | readonly (bigint | Invalid)[];

/**
 * Draws the version of a batch, to be called while the API call that brought the batch has not returned yet.
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
  const timestamp = readMember(requireObject('batch', batch as object, operation), 'timestamp', operation);
  const version = timestamp === undefined ? clock.next() : versionOf(timestamp, clock);
  if (version instanceof Invalid) throw new ValidationError('timestamp', version.reason, { operation });
  return version;
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

/** Tells that all rows of a batch are stored, in the version that was drawn for it. */
export function settleVersion(version: BatchVersion, clock: VersionClock): void {
  const versions = typeof version === 'bigint' ? [version] : new Set(version);
  for (const each of versions) if (typeof each === 'bigint') clock.settle(each);
}

/** Those without a time of their own have one version together. What is no list is for the batch's check to refuse. */
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
