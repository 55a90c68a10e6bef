import type { CallOptions, TimeSource } from '@quantumtrade/dal-domain';

/** The limits of a call with the deadline by another clock: values end by the data layer's clock, calls by the system's. */
export function onClock(
  clock: TimeSource,
  options: CallOptions | undefined,
  before: TimeSource,
): CallOptions | undefined {
  if (options?.deadline === undefined || clock === before) return options;
  return { ...options, deadline: options.deadline - before.now() + clock.now() };
}
