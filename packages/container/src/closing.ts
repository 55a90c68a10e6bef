interface Part {
  readonly close: () => unknown;
  readonly users: object[];
  closed?: Promise<void>;
}

const parts = new WeakMap<object, Part>();

/**
 * Registers the closing of a part of a data layer and the parts that it uses. A part is closed once, after the parts that use
 * it, in whatever order a container deactivates them.
 */
export function closable<T extends object>(part: T, close: () => unknown, uses: readonly object[] = []): T {
  parts.set(part, { close, users: [] });
  for (const used of uses) parts.get(used)?.users.push(part);
  return part;
}

/** Closes a part after those that use it, even when their closing fails. Closing it again returns the first outcome. */
export function closePart(part: object | undefined): Promise<void> {
  const found = part && parts.get(part);
  if (!found) return Promise.resolve();
  found.closed ??= (async () => {
    await Promise.allSettled(found.users.map(closePart));
    await found.close();
  })();
  return found.closed;
}
