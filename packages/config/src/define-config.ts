import { unknownKeyReason, type Address, type Secret } from '@quantumtrade/dal-runtime';
import { parseReference } from '@quantumtrade/dal-secrets';
import { checkTable } from './check-table.js';
import { ConfigError } from './config-error.js';
import { keyAt, keysAt, removedReason, spellInCode, toFileKey, withoutUnit } from './keys.js';
import type { DalConfig } from './sections.js';
import { shownKey } from './shown-key.js';
import { isTable, type Table } from './table.js';

/** Whether a type is an address, and no section that has a host and a port among other keys. */
type IsAddress<T> = T extends Address ? (keyof T extends keyof Address ? true : false) : false;

/** A part of the configuration as code may write it. */
type Input<T> = T extends Secret
  ? Secret | string
  : IsAddress<T> extends true
    ? Address | string
    : T extends readonly (infer Item)[]
      ? readonly Input<Item>[]
      : T extends object
        ? { readonly [Key in keyof T]?: Input<T[Key]> | undefined }
        : T;

/** `DalConfig` with every key optional, passwords as plain text or as `Secret`, addresses also as `host:port`. */
export type ConfigInput = Input<DalConfig>;

const SOURCE = 'defineConfig';

/**
 * Returns a complete configuration from values in code, in the shape of `DalConfig` with every key optional. They are checked
 * like a file and get the same defaults. A plain password becomes a `Secret`. Neither a file nor the environment is read, and a
 * reference to a secret is refused.
 * @throws {ConfigError} naming the first key at fault and never a value.
 */
export function defineConfig(input: ConfigInput): DalConfig {
  const table = toTable(input, []);
  return checkTable(table, { source: SOURCE, overrides: [], spell: spellInCode });
}

/** Returns the table that a file with these values has. Throws `ConfigError` for an unknown key. */
function toTable(input: unknown, path: readonly string[]): Table {
  if (!isPlainObject(input)) refuse(path.length ? spellInCode(path) : undefined, 'expected a plain object');
  const known = new Map(keysAt(path).map((key) => [keyAt([...path, key])!.codePath.at(-1)!, key]));
  return Object.fromEntries(
    Object.entries(input).flatMap(([codeKey, value]): [string, unknown][] => {
      const key = known.get(codeKey);
      if (key === undefined) {
        const prefix = path.length ? `${spellInCode(path)}.` : '';
        const reason =
          removedReason([...path, withoutUnit(toFileKey(codeKey))]) ??
          unknownKeyReason(codeKey, [...known.keys()]);
        refuse(`${prefix}${shownKey(codeKey, [...known.keys()])}`, reason);
      }
      return value === undefined ? [] : [[key, toFileValue(value, [...path, key])]];
    }),
  );
}

function toFileValue(value: unknown, path: readonly string[]): unknown {
  if (keysAt(path).length > 0) return toTable(value, path);
  const { setting } = keyAt(path)!;
  if (setting.kind === 'secret' && typeof value === 'string') {
    const reference = parseReference(value);
    if (reference) refuse(spellInCode(path), `only loadConfig fetches the secret ${reference.text}`);
  }
  if (Array.isArray(value)) return setting.kind === 'addresses' ? value.map(toAddressText) : value;
  if (setting.kind !== 'duration' || setting.inFile !== 'seconds') return value;
  // Text would be taken for seconds, as in a file.
  if (typeof value !== 'number') refuse(spellInCode(path), 'expected a number above 0');
  return value / 1000;
}

function toAddressText(value: unknown): unknown {
  if (!isTable(value)) return value;
  const { host, port } = value;
  const name = String(host).includes(':') ? `[${String(host)}]` : String(host);
  return port === undefined ? name : `${name}:${String(port)}`;
}

function isPlainObject(value: unknown): value is Table {
  if (!isTable(value)) return false;
  const prototype: unknown = Object.getPrototypeOf(value);
  return prototype === Object.prototype || prototype === null;
}

function refuse(key: string | undefined, reason: string): never {
  throw new ConfigError({ ...(key !== undefined && { key }), reason, source: SOURCE });
}
