import { closest, unknownKeyReason } from '@quantumtrade/dal-runtime';
import { parseReference } from '@quantumtrade/dal-secrets';
import { ConfigError } from './config-error.js';
import { keyAt, keysAt, removedReason, VALUE_KEYS } from './keys.js';
import type { SecretLookup } from './secret-references.js';
import { isTable, type Table } from './table.js';

/** Environment variables by name, as in `process.env`. */
export type Environment = Readonly<Record<string, string | undefined>>;

/** A value of the environment that replaces one key of the file. */
export interface Override {
  /** The variable's name as it was written. */
  readonly variable: string;
  readonly path: readonly string[];
  readonly text: string;
}

const reference = /\$\$\{|\$\{([^}]*)\}?/g;
const referenceBody = /^([A-Za-z_][A-Za-z0-9_]*)(?::-(.*))?$/s;
const prefix = /^QTDAL_/i;

const SYNTAX = 'expected ${NAME}, ${NAME:-default}, ${file:/path} or ${aws-sm:name#key} after "${"';
const NO_SECRET = 'is neither a password nor a key, and only those may refer to a secret';
const PART_OF_VALUE = 'a reference to a secret must be the whole value';

/** Returns whether a key holds a secret, also in the tables of a list. */
function isSecretKey(path: readonly string[]): boolean {
  const list = keyAt(path.slice(0, -1))?.setting;
  const setting = list?.kind === 'list' ? list.of[path.at(-1)!] : keyAt(path)?.setting;
  return setting?.kind === 'secret';
}

/**
 * Replaces `${NAME}` in every text of a table by the variable's value, and `${NAME:-default}` by the default when
 * the variable is unset or empty. `$${` stands for a plain `${`. Values of variables are not interpolated again. A reference to a
 * secret, such as `${file:/run/secrets/redis}`, is the whole value of a password or key, and is replaced by the secret.
 * @throws {ConfigError} naming the key and the variable, when a variable is not set.
 */
export function interpolate(table: Table, env: Environment, source: string, secretAt: SecretLookup): Table {
  const fill = (value: unknown, path: readonly string[]): unknown => {
    if (typeof value === 'string') {
      const key = path.join('.');
      const reference = parseReference(value);
      if (!reference) return fillText(value, env, key, source);
      if (isSecretKey(path)) return secretAt(reference, { key, source });
      throw new ConfigError({ key, reason: NO_SECRET, source });
    }
    if (Array.isArray(value)) return value.map((item) => fill(item, path));
    if (!isTable(value)) return value;
    return Object.fromEntries(Object.entries(value).map(([key, item]) => [key, fill(item, [...path, key])]));
  };
  return fill(table, []) as Table;
}

function fillText(text: string, env: Environment, key: string, source: string): string {
  return text.replace(reference, (whole, body: string | undefined) => {
    if (body === undefined) return '${';
    if (parseReference(whole)) throw new ConfigError({ key, reason: PART_OF_VALUE, source });
    const [, name, fallback] = referenceBody.exec(body) ?? [];
    if (name === undefined || !whole.endsWith('}')) throw new ConfigError({ key, reason: SYNTAX, source });
    const value = env[name];
    if (fallback !== undefined) return value || fallback;
    if (value === undefined) {
      throw new ConfigError({ key, reason: `environment variable ${name} is not set`, source });
    }
    return value;
  });
}

/**
 * Returns the overrides in an environment: `QTDAL_CLICKHOUSE__MAX_CONNECTIONS=5` sets `clickhouse.max_connections`. Two
 * underscores separate levels, and case does not matter. Variables of other programs that begin with `QTDAL_`, and those that the
 * file refers to as `${NAME}`, are ignored.
 * @param references names that the file refers to.
 * @throws {ConfigError} when a name is similar to a key's but unknown, or when two variables set one key.
 */
export function overridesIn(env: Environment, references: ReadonlySet<string>): Override[] {
  const byKey = new Map<string, Override>();
  for (const [variable, text] of Object.entries(env)) {
    if (text === undefined || !prefix.test(variable)) continue;
    const refuse = (reason: string): never => {
      throw new ConfigError({ key: variable, reason, source: 'environment' });
    };
    const path = PATHS_BY_VARIABLE.get(variable.toUpperCase());
    if (path) {
      const key = path.join('.');
      const other = byKey.get(key);
      if (other) refuse(`sets the same key as ${other.variable}`);
      byKey.set(key, { variable, path, text });
    } else if (!references.has(variable)) {
      const removed = removedReason(pathOf(variable));
      const reason = removed ?? unknownVariableReason(variable);
      if (reason !== undefined) refuse(reason);
    }
  }
  return [...byKey.values()];
}

/**
 * Returns the value of an override. `${NAME}` in it is plain text, but the value of a password or key may be a reference to a secret
 * as a whole.
 */
export function valueOf({ variable, path, text }: Override, secretAt: SecretLookup): unknown {
  const reference = isSecretKey(path) ? parseReference(text) : undefined;
  return reference ? secretAt(reference, { key: variable, source: 'environment' }) : text;
}

/** Returns the variables that a text refers to as `${NAME}`. */
export const referencesIn = (text: string): ReadonlySet<string> =>
  new Set([...text.matchAll(/\$\{([A-Za-z_]\w*)/g)].map(([, name]) => name!));

const pathOf = (variable: string): string[] => variable.replace(prefix, '').toLowerCase().split('__');

const PATHS_BY_VARIABLE = new Map(VALUE_KEYS.map(({ variable, path }) => [variable, path]));
const VARIABLES = [...PATHS_BY_VARIABLE.keys()];
const VARIABLES_BY_LETTERS = new Map(VARIABLES.map((name) => [withoutUnderscores(name), name]));

/** Returns the reason for refusing a variable; undefined for a variable of another program. */
function unknownVariableReason(variable: string): string | undefined {
  const name = variable.toUpperCase();
  const meant = closest(withoutUnderscores(name), [...VARIABLES_BY_LETTERS.keys()]);
  if (meant !== undefined) return `unknown key, did you mean ${VARIABLES_BY_LETTERS.get(meant)}?`;
  const [table = ''] = pathOf(variable)[0]!.split('_');
  const section = closest(table, keysAt([]));
  if (section !== undefined) {
    const within = VARIABLES.filter((known) => pathOf(known)[0] === section);
    return `unknown key, expected one of ${within.join(', ')}`;
  }
  return name.includes('__') ? unknownKeyReason(table, keysAt([])) : undefined;
}

function withoutUnderscores(name: string): string {
  return name.replaceAll('_', '');
}
