import { encodeCacheValue, requireTimestamp, requireTtlMs, timestampOf } from '@quantumtrade/dal-domain';

/** A cache value with the instant that decides which of two is newer, in ISO 8601. */
export interface Timed {
  readonly timestamp: string;
}

/** Checks a value and returns its text, its time to live in milliseconds and its instant in epoch milliseconds. */
export function encodeTimed(value: Timed, ttlSeconds: number, operation: string) {
  return {
    text: encodeCacheValue(value, operation),
    ttlMs: requireTtlMs(ttlSeconds, operation),
    timestamp: requireTimestamp(value, operation),
  };
}

/** Returns the instant of a stored text in epoch milliseconds; undefined when it has none. */
export function timestampIn(text: string | undefined): number | undefined {
  if (text === undefined) return undefined;
  try {
    return timestampOf(JSON.parse(text));
  } catch {
    return undefined;
  }
}
