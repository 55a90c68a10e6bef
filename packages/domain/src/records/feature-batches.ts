import { ValidationError } from '../errors.js';
import { keysOf, isMapOfOwn, requireMembers } from '../arguments.js';
import { Invalid } from './kinds/kind.js';
import type { RowError } from './row.js';
import { toCanonicalRow } from './row.js';
import type { FeatureBatch } from './feature.js';
import { feature } from './feature.js';
import type { PreparedBatch, PreparedRow } from './prepared-batch.js';
import type { BatchVersion } from '../versions/versions.js';

/** Returns a single feature batch as a list. Anything but an object is left to the port, which refuses it. */
export const toFeatureBatches = (batches: FeatureBatch | readonly FeatureBatch[]): readonly FeatureBatch[] =>
  typeof batches !== 'object' || batches === null || Array.isArray(batches)
    ? (batches as readonly FeatureBatch[])
    : [batches as FeatureBatch];

/** Returns one row a feature. A `RowError.index` is the position of the batch, its field e.g. `features.rsi_14`. */
export function prepareFeatures(batches: readonly FeatureBatch[], version: BatchVersion): PreparedBatch {
  if (!Array.isArray(batches)) {
    throw new ValidationError('batches', 'must be a list of feature batches', {
      operation: 'features.insert',
    });
  }
  const rows: PreparedRow[] = [];
  const errors: RowError[] = [];
  for (let index = 0; index < batches.length; index++) {
    const features = featuresOf(batches, index);
    if ('error' in features) {
      errors.push({ index, ...features.error });
      continue;
    }
    const set = readFeatureBatch(batches[index]!, typeof version === 'bigint' ? version : version[index]!);
    for (const [featureName, featureValue] of features.entries) {
      if ('error' in set) {
        errors.push({ index, ...set.error });
        continue;
      }
      const checked = toCanonicalRow(feature, { ...set.fields, featureName, featureValue }, index);
      if ('row' in checked) rows.push({ row: checked.row, version: set.version });
      else errors.push(featureError(checked.error, featureName));
    }
  }
  return { definition: feature, rows, errors, roundedCount: 0 };
}

const FEATURE_BATCH_KEYS = keysOf<FeatureBatch>({
  symbol: true,
  timestamp: true,
  features: true,
  metadata: true,
  version: true,
  calculationTimeMs: true,
  computedAt: true,
});

type Refused = { readonly error: Omit<RowError, 'index'> };

const refuse = (field: string, reason: string): Refused => ({ error: { field, reason } });

/** Returns the features of a batch by name. An unreadable batch does not affect the others. */
function featuresOf(
  batches: readonly FeatureBatch[],
  index: number,
): { readonly entries: readonly (readonly [name: string, value: unknown])[] } | Refused {
  try {
    const features: unknown = (batches[index] as FeatureBatch | null | undefined)?.features;
    if (isMapOfOwn(features)) return { entries: Object.entries(features) };
    return refuse('features', 'must be a map of numbers');
  } catch {
    return refuse('features', 'cannot be read');
  }
}

/** Returns the values that the features of a batch share, or the reason for which none of them can be written. */
function readFeatureBatch(
  batch: FeatureBatch,
  version: bigint | Invalid,
): { readonly fields: object; readonly version: bigint } | Refused {
  let reading = 'batch';
  try {
    requireMembers('batch', batch, FEATURE_BATCH_KEYS, 'features.insert');
    if (version instanceof Invalid) return refuse('computedAt', version.reason);
    reading = 'metadata';
    if (!isMapOfOwn(batch.metadata ?? {})) return refuse('metadata', 'must be a map of strings');
    const metadata = Object.entries(batch.metadata ?? {}).sort(([a], [b]) => (a < b ? -1 : 1));
    const wrong = metadata.find(([, value]) => typeof value !== 'string');
    if (wrong) return refuse(`metadata.${wrong[0]}`, 'must be a string');
    const featureMetadata = JSON.stringify(Object.fromEntries(metadata));
    const fields: Record<string, unknown> = { featureMetadata };
    for (const [field, member] of MEMBERS) {
      reading = member;
      fields[field] = batch[member];
    }
    fields['calculationTimeMs'] ??= 0;
    return { fields, version };
  } catch (error) {
    return error instanceof ValidationError
      ? refuse(error.field, error.reason)
      : refuse(reading, 'cannot be read');
  }
}

const { members, entries } = feature.batch;

/** Member that holds each field, where it is given as it is. */
const MEMBERS = Object.entries(members).filter(([field]) => field !== 'featureMetadata') as (readonly [
  field: string,
  member: keyof FeatureBatch,
])[];

function featureError(error: RowError, featureName: string): RowError {
  const field =
    error.field === entries.name || error.field === entries.value
      ? `${entries.member}.${featureName}`
      : ((members as Readonly<Record<string, string>>)[error.field] ?? error.field);
  return { ...error, field };
}
