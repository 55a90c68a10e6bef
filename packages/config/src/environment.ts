import { ConfigError } from './config-error.js';
import { isTable, type Table } from './table.js';

/** Environment variables by name, as in `process.env`. */
export type Environment = Readonly<Record<string, string | undefined>>;

/** A value that the environment gives to one key, in place of the file's. */
export interface Override {
  /** The variable's name as it was written. */
  readonly variable: string;
  readonly path: readonly string[];
  readonly text: string;
}

const reference = /\$\$\{|\$\{([^}]*)\}?/g;
const referenceBody = /^([A-Za-z_][A-Za-z0-9_]*)(?::-(.*))?$/s;
const prefix = /^QTDAL_/i;

/**
 * Replaces `${NAME}` in every text of a table by the variable's value, and `${NAME:-default}` by the default when
 * the variable is unset or empty. `$${` stands for a plain `${`. What a variable contains is taken as it is.
 * @throws {ConfigError} naming the key and the variable, when a variable is not set.
 */
export function interpolate(table: Table, env: Environment, source: string): Table {
  const fill = (value: unknown, path: readonly string[]): unknown => {
    if (typeof value === 'string') return fillText(value, env, path.join('.'), source);
    if (Array.isArray(value)) return value.map((item) => fill(item, path));
    if (!isTable(value)) return value;
    return Object.fromEntries(Object.entries(value).map(([key, item]) => [key, fill(item, [...path, key])]));
  };
  return fill(table, []) as Table;
}

function fillText(text: string, env: Environment, key: string, source: string): string {
  return text.replace(reference, (whole, body: string | undefined) => {
    if (body === undefined) return '${';
    const [, name, fallback] = referenceBody.exec(body) ?? [];
    if (name === undefined || !whole.endsWith('}')) {
      throw new ConfigError({ key, reason: 'expected ${NAME} or ${NAME:-default} after "${"', source });
    }
    const value = env[name];
    if (fallback !== undefined) return value || fallback;
    if (value === undefined) {
      throw new ConfigError({ key, reason: `environment variable ${name} is not set`, source });
    }
    return value;
  });
}

/**
 * The overrides in an environment: `QTDAL_CLICKHOUSE__MAX_CONNECTIONS=5` sets `clickhouse.max_connections`. Two
 * underscores stand between levels, upper and lower case are alike. A name of one level counts only when it is one
 * of `topLevel`, since other programs have `QTDAL_…` variables of their own.
 * @throws {ConfigError} when two variables set the same key.
 */
export function overridesIn(env: Environment, topLevel: readonly string[]): Override[] {
  const byKey = new Map<string, Override>();
  for (const [variable, text] of Object.entries(env)) {
    if (text === undefined || !prefix.test(variable)) continue;
    const path = variable.replace(prefix, '').toLowerCase().split('__');
    const key = path.join('.');
    if (path.length === 1 && !topLevel.includes(key)) continue;
    const other = byKey.get(key);
    if (other) {
      const reason = `sets the same key as ${other.variable}`;
      throw new ConfigError({ key: variable, reason, source: 'environment' });
    }
    byKey.set(key, { variable, path, text });
  }
  return [...byKey.values()];
}
