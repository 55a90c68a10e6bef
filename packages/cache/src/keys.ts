import type { KeyParts } from '@quantumtrade/dal-domain';
import { keyOf } from '@quantumtrade/dal-domain';

/** Keys remembered for each pattern. Making one costs several times what looking up a value does. */
const REMEMBERED = 16_384;

/** The keys by their last part, or what comes below by an earlier one. */
type Level = Map<string, unknown>;

/** `keyOf` for one pattern, made to be called for every read. */
export function keysOf<P extends string>(pattern: P): (parts: KeyParts<P>) => string {
  const names = [...pattern.matchAll(/\{(\w+)\}/g)].map(([, name]) => name!);
  const last = names.pop();
  let known: Level = new Map();
  let count = 0;

  return (parts) => {
    const part = parts as Record<string, string>;
    if (last === undefined) return pattern;
    let level = known;
    for (const name of names) level = nextLevel(level, part[name]!);
    const remembered = level.get(part[last]!);
    if (remembered !== undefined) return remembered as string;
    if (++count > REMEMBERED) {
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
