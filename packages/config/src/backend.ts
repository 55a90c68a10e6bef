import type { Override } from './environment.js';
import { CONFIG_SETTINGS, type DalConfig } from './sections.js';
import { isTable, type Table } from './table.js';

type Backend = DalConfig['backend'];

const DEFAULT_URL = CONFIG_SETTINGS.clickhouse.settings.url.default;
const URL_KEY = ['clickhouse', 'url'] as const;
const ENDPOINTS_KEY = ['clickhouse', 'endpoints'] as const;

/** Keys that describe a server; the embedded engine has its own address and login. */
const SERVER_KEYS = ['url', 'endpoints', 'username', 'password'];

/**
 * Returns the backend of a checked configuration: the named one; else `clickhouse-redis` when a ClickHouse server is
 * described; else `embedded`. An empty password does not count.
 */
export function chooseBackend(table: Table, named: Backend | undefined): Backend {
  return named ?? (serverKey(table) === undefined ? 'embedded' : 'clickhouse-redis');
}

const isAbsent = (value: unknown): boolean =>
  value === undefined || value === '' || (Array.isArray(value) && value.length === 0);

/** Returns the first key that describes a ClickHouse server. */
export function serverKey({ clickhouse }: Table): string | undefined {
  if (!isTable(clickhouse)) return undefined;
  const key = SERVER_KEYS.find((name) => !isAbsent(clickhouse[name]));
  return key && `clickhouse.${key}`;
}

/**
 * Returns the path of the ClickHouse URL or endpoints when the named backend contradicts them. A backend that the environment names
 * replaces the server of the file without contradiction, and so does a default URL.
 */
export function contradictedServer(
  { clickhouse }: Table,
  named: Backend | undefined,
  overrides: readonly Override[],
): readonly string[] | undefined {
  if (named === undefined || named === 'clickhouse-redis') return undefined;
  if (!isTable(clickhouse)) return undefined;
  const { url = DEFAULT_URL, endpoints } = clickhouse;
  const isOverridden = (path: readonly string[]) =>
    overrides.some((each) => each.path.join('.') === path.join('.'));
  const contradicts = (path: readonly string[]) => !isOverridden(['backend']) || isOverridden(path);
  if (!isAbsent(endpoints) && contradicts(ENDPOINTS_KEY)) return ENDPOINTS_KEY;
  // A complete configuration that code gives again has the default.
  return url !== DEFAULT_URL && contradicts(URL_KEY) ? URL_KEY : undefined;
}
