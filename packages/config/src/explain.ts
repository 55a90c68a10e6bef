import { serverKey } from './backend.js';
import type { Override } from './environment.js';
import type { Secret, Setting } from '@quantumtrade/dal-runtime';
import { keyAt, VALUE_KEYS, type ValueKey } from './keys.js';
import type { DalConfig } from './sections.js';
import { isTable, type Table } from './table.js';

/** One value of a configuration with its origin. */
export interface ExplainedSetting {
  /** The key in a file, e.g. `clickhouse.max_connections`. */
  readonly key: string;
  /** The value in use; of a secret its reference, e.g. `secret ${file:/run/secrets/redis}`, else `set` or `not set`. */
  readonly value: string;
  /** The file's name, the variable's name, `default`, or the source of a derived value. */
  readonly origin: string;
}

/** Keys whose value may come from the URL of their section. */
const KEYS_IN_URL = ['database', 'username', 'password'];

/** Returns every value of a configuration in the order of the declarations, except those of absent optional tables. */
export function explainSettings(
  config: DalConfig,
  table: Table,
  overrides: readonly Override[],
  source: string,
): ExplainedSetting[] {
  const writtenBy = (path: readonly string[]): string | undefined => {
    const override = overrides.find((each) => each.path.join('.') === path.join('.'));
    return override?.variable ?? (valueAt(table, path) === undefined ? undefined : source);
  };
  const derived = (path: readonly string[], value: unknown): string | undefined => {
    const [section = '', key = ''] = path;
    if (section === 'backend') return serverKey(table) && `because ${serverKey(table)!} is set`;
    const url = writtenBy([section, 'url']);
    const mayBeInUrl =
      value !== undefined && path.length === 2 && KEYS_IN_URL.includes(key) && url !== undefined;
    return mayBeInUrl && isInUrl(valueAt(table, [section, 'url']), key)
      ? `${section}.url of ${url}`
      : undefined;
  };
  return VALUE_KEYS.filter(
    ({ path }) => path.length < 3 || isTable(valueInCode(config, path.slice(0, -1))),
  ).map((key) => {
    const value = valueInCode(config, key.path);
    return {
      key: key.path.join('.'),
      value: shown(key, value),
      origin: writtenBy(key.path) ?? derived(key.path, value) ?? 'default',
    };
  });
}

function isInUrl(text: unknown, key: string): boolean {
  const url = new URL(String(text));
  return { database: url.pathname.slice(1), username: url.username, password: url.password }[key] !== '';
}

function valueAt(table: unknown, path: readonly string[]): unknown {
  return path.reduce<unknown>(
    (value, key) => (isTable(value) && Object.hasOwn(value, key) ? value[key] : undefined),
    table,
  );
}

const valueInCode = (config: DalConfig, path: readonly string[]): unknown =>
  valueAt(config, keyAt(path)!.codePath);

function shown({ setting }: ValueKey, value: unknown): string {
  if (setting.kind === 'secret') return shownSecret(value as Secret | undefined);
  if (value === undefined || value === '') return 'none';
  if (Array.isArray(value))
    return value.map((item: string | Table) => shownItem(setting, item)).join(', ') || 'none';
  return setting.kind === 'duration' && setting.inFile === 'seconds' ? `${String(value)} ms` : String(value);
}

function shownSecret(secret: Secret | undefined): string {
  if (secret === undefined) return 'not set';
  return secret.reference === undefined ? 'set' : `secret ${secret.reference}`;
}

/** Returns a choice, `host:port` of an address, or the values of the object of a list, e.g. `http://ch-1:8123 primary 1 1`. */
function shownItem({ kind }: Setting, item: string | Table): string {
  if (typeof item === 'string') return item;
  return kind === 'addresses'
    ? `${String(item['host'])}:${String(item['port'])}`
    : Object.values(item).join(' ');
}
