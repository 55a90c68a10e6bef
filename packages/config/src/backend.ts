import type { Override } from './environment.js';
import { CONFIG_SETTINGS, type DalConfig } from './sections.js';
import { isTable, type Table } from './table.js';

type Backend = DalConfig['backend'];

const DEFAULT_URL = CONFIG_SETTINGS.clickhouse.settings.url.default;
const URL_KEY = ['clickhouse', 'url'] as const;

/** Keys that describe a server; the embedded engine has its own address and login. */
const SERVER_KEYS = ['url', 'username', 'password'];

/**
 * Returns the backend of a checked configuration: the named one; else `clickhouse-redis` when a ClickHouse server is
 * described; else `embedded`. An empty password does not count.
 */
export function chooseBackend(table: Table, named: Backend | undefined): Backend {
  return named ?? (serverKey(table) === undefined ? 'embedded' : 'clickhouse-redis');
}

/** Returns the first key that describes a ClickHouse server. */
export function serverKey({ clickhouse }: Table): string | undefined {
  if (!isTable(clickhouse)) return undefined;
  const key = SERVER_KEYS.find((name) => clickhouse[name] !== undefined && clickhouse[name] !== '');
  return key && `clickhouse.${key}`;
}

/**
 * Returns the path of the ClickHouse URL when the named backend contradicts it. A backend that the environment names
 * replaces the server of the file without contradiction, and so does a default URL.
 */
export function contradictedUrl(
  { clickhouse }: Table,
  named: Backend | undefined,
  overrides: readonly Override[],
): readonly string[] | undefined {
  if (named === undefined || named === 'clickhouse-redis') return undefined;
  if (!isTable(clickhouse)) return undefined;
  const { url = DEFAULT_URL } = clickhouse;
  // A complete configuration that code gives again has the default.
  if (url === DEFAULT_URL) return undefined;
  const isOverridden = (key: string) => overrides.some(({ path }) => path.join('.') === key);
  return isOverridden('backend') && !isOverridden(URL_KEY.join('.')) ? undefined : URL_KEY;
}
