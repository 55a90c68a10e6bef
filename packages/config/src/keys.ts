import type { LeafSetting, Setting, SettingDeclarations } from '@quantumtrade/dal-runtime';
import { CONFIG_SETTINGS } from './sections.js';

/** A key of the configuration with the keys below it. */
export interface ConfigKey {
  /** The keys in code from the top, e.g. `clickhouse`, `connectionTimeoutMs`. */
  readonly codePath: readonly string[];
  /** The keys of a file from the top, e.g. `clickhouse`, `connection_timeout`. */
  readonly path: readonly string[];
  readonly setting: Setting;
  /** The keys of a group, by their name in a file. */
  readonly children: ReadonlyMap<string, ConfigKey>;
}

/** A key that holds a value. */
export interface ValueKey extends ConfigKey {
  readonly setting: LeafSetting;
  /** The environment variable that sets it, e.g. `QTDAL_CLICKHOUSE__CONNECTION_TIMEOUT`. */
  readonly variable: string;
}

/** Keys of earlier versions by path, with the reason for refusing them. */
const REMOVED: Readonly<Record<string, string>> = {
  'redis.max_connections':
    'was removed: one connection to each server carries all calls, so there is nothing to limit',
  'redis.max_idle': 'was removed: one connection to each server carries all calls and is never idle',
  'redis.connection_lifetime': 'was removed: a connection that works is never replaced',
};

const ROOT: ConfigKey = {
  codePath: [],
  path: [],
  setting: { kind: 'group', settings: CONFIG_SETTINGS },
  children: childrenOf(CONFIG_SETTINGS, { path: [], codePath: [] }),
};

/** All keys that hold a value, in the order of the declarations. */
export const VALUE_KEYS: readonly ValueKey[] = valueKeys(ROOT);

/** Returns the key at a path of a file. */
export const keyAt = (path: readonly string[]): ConfigKey | undefined =>
  path.reduce<ConfigKey | undefined>((key, name) => key?.children.get(name), ROOT);

/** Returns the names of the keys in the table at a path of a file; none for any other path. */
export const keysAt = (path: readonly string[]): string[] => [...(keyAt(path)?.children.keys() ?? [])];

/** Returns the reason for refusing a key of earlier versions. */
export const removedReason = (path: readonly string[]): string | undefined => {
  const key = path.join('.');
  return Object.hasOwn(REMOVED, key) ? REMOVED[key] : undefined;
};

/** Spells a path as it is written in a file. */
export const spellInFile = (path: readonly string[]): string => path.join('.');

/** Spells a path of a file as it is written in code, e.g. `redis.commandTimeoutMs`. */
export const spellInCode = (path: readonly string[]): string =>
  path.map((name, index) => keyAt(path.slice(0, index + 1))?.codePath.at(-1) ?? name).join('.');

/** Returns the name in a file of a key in code, e.g. `max_idle` of `maxIdle`. */
export function toFileKey(codeKey: string): string {
  return codeKey.replace(/[A-Z]/g, (letter) => `_${letter.toLowerCase()}`);
}

/** Returns the name without `_ms`, for keys that are in seconds in a file. */
export function withoutUnit(fileKey: string): string {
  return fileKey.replace(/_ms$/, '');
}

function childrenOf(
  declarations: SettingDeclarations,
  above: Pick<ConfigKey, 'path' | 'codePath'>,
): ReadonlyMap<string, ConfigKey> {
  return new Map(
    Object.entries(declarations).map(([codeKey, setting]) => {
      const isInSeconds = setting.kind === 'duration' && setting.inFile === 'seconds';
      const name = isInSeconds ? withoutUnit(toFileKey(codeKey)) : toFileKey(codeKey);
      const paths = { path: [...above.path, name], codePath: [...above.codePath, codeKey] };
      const children = setting.kind === 'group' ? childrenOf(setting.settings, paths) : new Map();
      return [name, { ...paths, setting, children }];
    }),
  );
}

function valueKeys(key: ConfigKey): ValueKey[] {
  const { setting, path } = key;
  if (setting.kind === 'group') return [...key.children.values()].flatMap(valueKeys);
  return [{ ...key, setting, variable: `QTDAL_${path.join('__').toUpperCase()}` }];
}
