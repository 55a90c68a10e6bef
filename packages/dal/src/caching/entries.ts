/** Returns the values by their keys, in the order of the keys, without keys that have no value. */
export function entriesOf<T, U>(
  keys: readonly string[],
  values: readonly (T | null)[],
  convert: (value: T) => U,
): Map<string, U> {
  const entries = new Map<string, U>();
  for (const [i, value] of values.entries()) if (value !== null) entries.set(keys[i]!, convert(value));
  return entries;
}
