import type { CoherentKeyspace } from '@quantumtrade/dal-cache';
import type { CallOptions, TimeSource, Keyspace, KeyspaceValues } from '@quantumtrade/dal-domain';
import { checkCall, systemClock } from '@quantumtrade/dal-domain';
import { onClock } from './on-clock.js';

/** The values of a keyspace that are nowhere but in the cache: from this process, else the cache's server. Shared and frozen. */
export function cacheOnlyValues<P extends string, T>(
  { pattern }: Keyspace<P, T>,
  values: CoherentKeyspace<P, T>,
  clock: TimeSource,
): KeyspaceValues<P, T> {
  const checked = (options: CallOptions | undefined) => {
    checkCall(options, pattern);
    return onClock(clock, options, systemClock);
  };
  return {
    async get(parts, options) {
      const limits = checked(options);
      const atHand = values.peek(parts);
      return atHand === undefined ? await values.get(parts, limits) : atHand;
    },
    set: async (parts, value, options) => values.set(parts, value, checked(options)),
    setIfNewer: async (parts, value, options) => values.setIfNewer(parts, value, checked(options)),
    update: async (parts, change, options) => values.update(parts, change, checked(options)),
    delete: async (parts, options) => values.delete(parts, checked(options)),
  };
}
