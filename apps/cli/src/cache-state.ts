import type { CacheState } from '@quantumtrade/dal-domain';

/** What a data layer can use its cache for, in a few words. */
export function describeCache({
  invalidationsConnected,
  disconnectedReason,
  reads,
  writes,
}: CacheState): string {
  const why = disconnectedReason === undefined ? '' : ` (${disconnectedReason})`;
  const missing = [
    !invalidationsConnected && `changes are not told${why}, so nothing is kept in process`,
    reads === 'suspended' && 'reads are suspended',
    writes === 'suspended' && 'writes are suspended',
  ].filter((each) => each !== false);
  return missing.length === 0 ? 'both levels work' : missing.join(', ');
}
