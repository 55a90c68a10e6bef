import type { BackendProbe } from '@quantumtrade/dal-domain';

interface Part {
  readonly close: () => unknown;
  readonly users: object[];
  closed?: Promise<void>;
}

const parts = new WeakMap<object, Part>();

/**
 * Declares how a part of a data layer is closed, and which parts it uses. A part is closed once, after the parts that use
 * it, in whichever order a container deactivates them.
 */
export function closable<T extends object>(part: T, close: () => unknown, uses: readonly object[] = []): T {
  parts.set(part, { close, users: [] });
  for (const used of uses) parts.get(used)?.users.push(part);
  return part;
}

/** Declares a backend, which is closed by its probe. */
export const closableBackend = <T extends { readonly probe: BackendProbe }>(
  backend: T,
  uses?: readonly object[],
): T => closable(backend, () => backend.probe.close(), uses);

/** Closes a part after those that use it, whose failures are their own. Closing it again gives the first outcome. */
export function closePart(part: object | undefined): Promise<void> {
  const found = part && parts.get(part);
  if (!found) return Promise.resolve();
  found.closed ??= (async () => {
    await Promise.allSettled(found.users.map(closePart));
    await found.close();
  })();
  return found.closed;
}
