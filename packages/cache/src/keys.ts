import type { KeyParts } from '@quantumtrade/dal-domain';
import { keyOf } from '@quantumtrade/dal-domain';

/** Keys memoized for each pattern. Composing a key costs several times as much as looking up a value. */
const MAX_KEYS = 16_384;

/** Keys by their last part, or deeper levels by an earlier part. */
type Level = Map<string, unknown>;

/** Returns `keyOf` of one pattern, memoized. */
export function memoizedKeyOf<P extends string>(pattern: P): (parts: KeyParts<P>) => string {
  const names = [...pattern.matchAll(/\{(\w+)\}/g)].map(([, name]) => name!);
  const last = names.pop();
  let known: Level = new Map();
  let count = 0;

  return (parts) => {
    const part = parts as Record<string, string>;
    if (last === undefined) return pattern;
    let level = known;
    for (const name of names) level = nextLevel(level, part[name]!);
    const memoized = level.get(part[last]!);
    if (memoized !== undefined) return memoized as string;
    if (++count > MAX_KEYS) {
      known = new Map();
      count = 0;
    }
    const key = keyOf(pattern, parts);
    level.set(part[last]!, key);
    return key;
  };
}

function nextLevel(level: Level, part: string): Level {
  const known = level.get(part);
  if (known !== undefined) return known as Level;
  const next: Level = new Map();
  level.set(part, next);
  return next;
}
