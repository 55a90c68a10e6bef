import type { CallOptions, Clock } from '@quantumtrade/dal-domain';

/** The limits of a call with the deadline by another clock: values end by the data layer's clock, calls by the system's. */
export function onClock(
  clock: Clock,
  options: CallOptions | undefined,
  before: Clock,
): CallOptions | undefined {
  if (options?.deadline === undefined || clock === before) return options;
  return { ...options, deadline: options.deadline - before.now() + clock.now() };
}
