import type { Cache } from '@quantumtrade/dal-domain';
import { requireUnreserved, requireUnreservedPattern } from '@quantumtrade/dal-domain';

/** Which keys the first argument of a cache method names. */
type KeyArgument = 'key' | 'keys' | 'entries' | 'pattern';

const KEY_ARGUMENTS: Readonly<Record<keyof Cache, KeyArgument>> = {
  get: 'key',
  getEntry: 'key',
  getEntryOrSet: 'key',
  getMany: 'keys',
  getEntries: 'keys',
  set: 'key',
  setMany: 'entries',
  setIfNewer: 'key',
  setIfUnchanged: 'key',
  replaceIfNewer: 'key',
  delete: 'key',
  deleteMany: 'keys',
  deleteWhere: 'pattern',
  exists: 'key',
};

type Method = (...args: unknown[]) => Promise<unknown>;

/** Returns the cache port for any caller: keys of sessions and auth contexts are refused with `ValidationError`. */
export function generalCache(cache: Cache): Cache {
  const inner = cache as unknown as Readonly<Record<string, Method>>;
  const methods: Record<string, Method> = {};
  for (const [name, argument] of Object.entries(KEY_ARGUMENTS)) {
    methods[name] = async (...args) => {
      requireUnreservedArgument(argument, args, `cache.${name}`);
      return inner[name]!(...args);
    };
  }
  return methods as unknown as Cache;
}

/** Refuses reserved keys. Arguments that are no key, list or pattern are left for the cache to refuse. */
function requireUnreservedArgument(
  argument: KeyArgument,
  [first, second]: readonly unknown[],
  operation: string,
): void {
  if (argument === 'key') requireUnreserved(first, operation);
  else if (argument === 'pattern') requireUnreservedPattern(first as string, second as object, operation);
  else if (Array.isArray(first)) {
    const isEntries = argument === 'entries';
    // Array.from visits holes, too.
    for (const item of Array.from(first as unknown[])) {
      requireUnreserved(isEntries ? (item as { key?: unknown } | undefined)?.key : item, operation);
    }
  }
}
