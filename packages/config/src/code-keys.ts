import { isSeconds, keysAt, removedReason } from './schema.js';

/** Returns what the key at a path of the file is called in code: camel case, and `Ms` at the end of what counts seconds. */
export function codeKey(path: readonly string[]): string {
  const camel = path.at(-1)!.replace(/_(\w)/g, (_, letter: string) => letter.toUpperCase());
  return isSeconds(path) ? `${camel}Ms` : camel;
}

/** Spells the key at a path of the file as it is written in code, e.g. `redis.commandTimeoutMs`. */
export const spellInCode = (path: readonly string[]): string =>
  path.map((_, index) => codeKey(path.slice(0, index + 1))).join('.');

/** The keys that the table at a path of the file has in code, with what they are called in the file. */
export const codeKeysAt = (path: readonly string[]): ReadonlyMap<string, string> =>
  new Map(keysAt(path).map((key) => [codeKey([...path, key]), key]));

/** Returns why a key of earlier versions is refused, given the path of its table in the file and its name in code. */
export function removedCodeKeyReason(path: readonly string[], key: string): string | undefined {
  const inFile = key.replace(/Ms$/, '').replace(/[A-Z]/g, (letter) => `_${letter.toLowerCase()}`);
  return removedReason([...path, inFile]);
}
