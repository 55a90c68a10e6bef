import type { FeatureBatch } from '@quantumtrade/dal-domain';

/** Returns a single feature batch as a list. Anything but an object is left to the port, which refuses it. */
export const toFeatureBatches = (batches: FeatureBatch | readonly FeatureBatch[]): readonly FeatureBatch[] =>
  typeof batches !== 'object' || batches === null || Array.isArray(batches)
    ? (batches as readonly FeatureBatch[])
    : [batches as FeatureBatch];
