import { serverKey } from './backend.js';
import { codeKey } from './code-keys.js';
import type { DalConfig } from './dal-config.js';
import type { Override } from './environment.js';
import { isSeconds, VALUE_PATHS } from './schema.js';
import { Secret } from './secret.js';
import { isTable, type Table } from './table.js';

/** One value of a configuration, and where it came from. */
export interface Setting {
  /** As a file has it, e.g. `clickhouse.max_connections`. */
  readonly key: string;
  /** The value in use; a secret as `set` or `not set`. */
  readonly value: string;
  /** The file's name, the variable's, `default`, or what a derived value was derived from. */
  readonly origin: string;
}

/** Keys whose value a URL gives where they are not written. */
const IN_URL = ['database', 'username', 'password'];
const SECRETS = ['password', 'key'];

/** Returns every value of a configuration, in the order of the file, those of optional tables where the table is there. */
export function settingsOf(
  config: DalConfig,
  table: Table,
  overrides: readonly Override[],
  source: string,
): Setting[] {
  const writtenBy = (path: readonly string[]): string | undefined => {
    const override = overrides.find((each) => each.path.join('.') === path.join('.'));
    return override?.variable ?? (valueAt(table, path) === undefined ? undefined : source);
  };
  const derived = (path: readonly string[], value: unknown): string | undefined => {
    const [section = '', key = ''] = path;
    if (section === 'backend') return serverKey(table) && `because ${serverKey(table)!} is set`;
    const url = writtenBy([section, 'url']);
    const givenByUrl = value !== undefined && path.length === 2 && IN_URL.includes(key) && url !== undefined;
    return givenByUrl && hasInUrl(valueAt(table, [section, 'url']), key)
      ? `${section}.url of ${url}`
      : undefined;
  };
  return VALUE_PATHS.filter((path) => path.length < 3 || isTable(valueInCode(config, path.slice(0, -1)))).map(
    (path) => {
      const value = valueInCode(config, path);
      return {
        key: path.join('.'),
        value: SECRETS.includes(path.at(-1)!)
          ? value === undefined
            ? 'not set'
            : 'set'
          : `${shown(value)}${isSeconds(path) ? ' ms' : ''}`,
        origin: writtenBy(path) ?? derived(path, value) ?? 'default',
      };
    },
  );
}

function hasInUrl(text: unknown, key: string): boolean {
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
  valueAt(
    config,
    path.map((_, index) => codeKey(path.slice(0, index + 1))),
  );

function shown(value: unknown): string {
  if (value === undefined || value === '') return 'none';
  if (Array.isArray(value)) return value.map(shown).join(', ') || 'none';
  if (value instanceof Secret) return String(value);
  return isTable(value) ? Object.values(value).map(String).join(':') : String(value);
}
