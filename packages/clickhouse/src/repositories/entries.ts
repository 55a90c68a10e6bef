/** Returns what a function returns for each of the keys, in their order, without keys for which it returns null. */
export async function entriesOf<T>(
  keys: readonly string[],
  valueOf: (key: string) => Promise<T | null>,
): Promise<Map<string, T>> {
  const entries = await Promise.all(keys.map(async (key) => [key, await valueOf(key)] as const));
  return new Map(entries.filter((entry): entry is [string, Awaited<T>] => entry[1] !== null));
}
