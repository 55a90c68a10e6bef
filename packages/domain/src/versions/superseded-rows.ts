/** The key of a row as text, and the row's version. */
export interface VersionedKey {
  readonly key: string;
  readonly version: bigint;
}

/**
 * Returns the positions of the rows that are older than a stored version, or than an earlier one of these rows. A stored
 * version that equals the newest version of its key among these rows is taken for one of them, stored by an earlier attempt.
 * @param rows - returns the rows of a block, from the first one on, each time it is called
 * @param storedOf - returns the stored versions of a key
 */
export function supersededRows(
  rows: () => Iterable<VersionedKey>,
  storedOf: (key: string) => readonly (bigint | undefined)[],
): number[] {
  const own = new Map<string, bigint>();
  for (const { key, version } of rows()) if (!(own.get(key)! >= version)) own.set(key, version);
  const newest = new Map<string, bigint>();
  const superseded: number[] = [];
  let position = 0;
  for (const { key, version } of rows()) {
    const stored = storedOf(key).filter((each) => each !== own.get(key));
    const isOlder = (other: bigint | undefined) => other !== undefined && version < other;
    if (isOlder(newest.get(key)) || stored.some(isOlder)) superseded.push(position);
    else newest.set(key, version);
    position++;
  }
  return superseded;
}
