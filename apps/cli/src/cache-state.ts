import type { CacheState } from '@quantumtrade/dal-domain';

/** Returns the state of the cache, for people. */
export function describeCache({
  invalidationsConnected,
  disconnectedReason,
  reads,
  writes,
}: CacheState): string {
  const why = disconnectedReason === undefined ? '' : ` (${disconnectedReason})`;
  const missing = [
    !invalidationsConnected && `invalidations are disconnected${why}, so nothing is kept in process`,
    reads === 'suspended' && 'reads are suspended',
    writes === 'suspended' && 'writes are suspended',
  ].filter((each) => each !== false);
  return missing.length === 0 ? 'both levels work' : missing.join(', ');
}
