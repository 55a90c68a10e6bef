import type { BatchResult } from '@quantumtrade/dal-domain';

/**
 * Takes values out of a batch now, before its caller changes it, and returns them once the batch is stored. Of a batch that was
 * refused in part, or that lost to what was stored already, it returns none: only the store knows the values then.
 */
export function writtenValues<T>(take: () => T[]): (result: BatchResult) => T[] {
  const taken = takenOrNone(take);
  return ({ failedCount, supersededCount }) => (failedCount + supersededCount === 0 ? taken : []);
}

/** None of a batch that is not what its type says: the store is the judge of it. */
function takenOrNone<T>(take: () => T[]): T[] {
  try {
    return take();
  } catch {
    return [];
  }
}

const PLAIN: ReadonlySet<unknown> = new Set([Object.prototype, Array.prototype, Date.prototype, null]);

/** Whether reading the members again, or those of a member, returns the same: none of them is an accessor. */
export function isPlainData(value: unknown): boolean {
  if (typeof value !== 'object' || value === null) return true;
  if (!PLAIN.has(Object.getPrototypeOf(value))) return false;
  const members: PropertyDescriptor[] = Object.values(Object.getOwnPropertyDescriptors(value));
  return members.every((member) => 'value' in member && isPlainData(member.value));
}
