import type { BatchResult } from '@quantumtrade/dal-domain';

/**
 * Takes values out of a batch now, before its caller changes it, and returns a function that gives them out for the result of the
 * write. For a batch that was partly refused or superseded it gives none: only the store has the right values then.
 */
export function writtenValues<T>(take: () => T[]): (result: BatchResult) => T[] {
  const taken = takenOrNone(take);
  return ({ failedCount, supersededCount }) => (failedCount + supersededCount === 0 ? taken : []);
}

/** Returns none of a batch that does not match its type: the store decides about it. */
function takenOrNone<T>(take: () => T[]): T[] {
  try {
    return take();
  } catch {
    return [];
  }
}

const PLAIN: ReadonlySet<unknown> = new Set([Object.prototype, Array.prototype, Date.prototype, null]);

/** Returns whether reading the members again, at any depth, returns the same: none of them is an accessor. */
export function isPlainData(value: unknown): boolean {
  if (typeof value !== 'object' || value === null) return true;
  if (!PLAIN.has(Object.getPrototypeOf(value))) return false;
  const members: PropertyDescriptor[] = Object.values(Object.getOwnPropertyDescriptors(value));
  return members.every((member) => 'value' in member && isPlainData(member.value));
}
