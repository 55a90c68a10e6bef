import type { Override } from './environment.js';
import type { CheckedFile } from './schema.js';

const SECTIONS = ['clickhouse', 'redis'] as const;
const KEYS_IN_URL = ['database', 'username', 'password'] as const;

/**
 * Returns the path of the first key whose value differs from the one in its section's URL. A variable replaces what the
 * URL of the file says and contradicts nothing; an empty password counts as absent.
 */
export function contradictedByUrl(
  checked: CheckedFile,
  overrides: readonly Override[],
): readonly string[] | undefined {
  const isOverridden = (key: string) => overrides.some(({ path }) => path.join('.') === key);
  return SECTIONS.flatMap((section) => KEYS_IN_URL.map((key) => ({ section, key })))
    .filter(({ section, key }) => {
      const own = checked[section][key];
      const inUrl = checked[section].url[key];
      if (own === undefined || own === '' || inUrl === undefined || sameValue(own, inUrl)) return false;
      return !isOverridden(`${section}.${key}`) || isOverridden(`${section}.url`);
    })
    .map(({ section, key }) => [section, key])[0];
}

const sameValue = (own: string | number, inUrl: string): boolean =>
  typeof own === 'number' ? own === Number(inUrl) : own === inUrl;
