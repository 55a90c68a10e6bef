import { describeSetting, Secret } from '@quantumtrade/dal-runtime';
import type { Override } from './environment.js';
import { keyAt, type ConfigKey } from './keys.js';
import { readValue, Refused } from './read-value.js';
import type { CONFIG_SETTINGS } from './sections.js';
import type { SettingsOf } from '@quantumtrade/dal-runtime';
import { splitServerUrl } from './server-url.js';
import { isTable, type Table } from './table.js';

/** Throws the error of the key at a path of a file. */
export type RefuseKey = (path: readonly string[], reason: string) => never;

type Values = Record<string, unknown>;
type Sections = SettingsOf<typeof CONFIG_SETTINGS>;

/** Sections with the URL of a server, which may hold the values of other keys. */
const SERVER_SECTIONS = ['clickhouse', 'redis'] as const;
const KEYS_IN_URL = ['database', 'username', 'password'] as const;

/** Reads all sections of a table without unknown keys. Refuses the first key that is missing, wrong or contradicted. */
export function readSections(
  table: Table,
  overrides: readonly Override[],
  refuse: RefuseKey,
  nameOf: (path: readonly string[]) => string,
): Sections {
  const sections = readGroup(keyAt([])!, table, refuse) as Record<string, Values>;
  for (const section of SERVER_SECTIONS) {
    const written = table[section];
    sections[section] = withUrlParts(section, sections[section]!, isTable(written) ? written : {});
  }
  return sections as unknown as Sections;

  /** Fills in the database and the login of a section's URL, where the section has no keys of their own. */
  function withUrlParts(section: string, values: Values, written: Table): Values {
    const path = [section, 'url'];
    const parts = splitServerUrl(values['url'] as string);
    if ('reason' in parts) return refuse(path, parts.reason);
    const filled: Values = { ...values, url: parts.url };
    for (const name of KEYS_IN_URL) {
      const part = parts[name];
      if (part === undefined) continue;
      const { setting } = keyAt([section, name])!;
      if (setting.kind === 'group') continue;
      const value = readValue(setting, part);
      if (value instanceof Refused) {
        return refuse(path, `expected the ${name} in the URL to be ${describeSetting(setting)}`);
      }
      const isWritten = written[name] !== undefined && values[name] !== undefined;
      if (!isWritten) filled[name] = value;
      else if (plain(values[name]) !== plain(value) && !isReplaced(section, name)) {
        const reason = `contradicts the ${name} in ${nameOf(path)}: remove one of the two, or make them equal`;
        return refuse([section, name], reason);
      }
    }
    return filled;
  }

  /** A variable replaces what the URL of a file says, and contradicts nothing. */
  function isReplaced(section: string, name: string): boolean {
    const isOverridden = (key: string) => overrides.some(({ path }) => path.join('.') === key);
    return isOverridden(`${section}.${name}`) && !isOverridden(`${section}.url`);
  }
}

function readGroup(group: ConfigKey, table: Table, refuse: RefuseKey): Values {
  return Object.fromEntries(
    [...group.children].map(([name, key]) => [key.codePath.at(-1), readKey(key, table[name], refuse)]),
  );
}

function readKey(key: ConfigKey, given: unknown, refuse: RefuseKey): unknown {
  const { setting, path } = key;
  if (setting.kind === 'group') {
    if (given === undefined && setting.optional) return undefined;
    if (given !== undefined && !isTable(given)) return refuse(path, 'expected a table');
    return readGroup(key, given ?? {}, refuse);
  }
  if (given === undefined) {
    if ('required' in setting) return refuse(path, `is missing: expected ${describeSetting(setting)}`);
    return 'default' in setting ? setting.default : undefined;
  }
  const value = readValue(setting, given);
  if (!(value instanceof Refused)) return value;
  return refuse(value.inner === undefined ? path : [...path, value.inner], value.reason);
}

const plain = (value: unknown): unknown => (value instanceof Secret ? value.reveal() : value);
