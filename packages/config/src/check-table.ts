import { unknownKeyReason } from '@quantumtrade/dal-runtime';
import { chooseBackend, contradictedServer } from './backend.js';
import { ConfigError } from './config-error.js';
import type { Override } from './environment.js';
import { keysAt, removedReason } from './keys.js';
import { readSections, type RefuseKey } from './read-sections.js';
import type { DalConfig } from './sections.js';
import { shownKey } from './shown-key.js';
import { isTable, type Table } from './table.js';

/** The source of a table, and the spelling of its keys. */
export interface Origin {
  /** A file's name or `defineConfig`, for errors. */
  readonly source: string;
  readonly overrides: readonly Override[];
  /** Spells the key at a path of a file as it is written here. */
  readonly spell: (path: readonly string[]) => string;
}

/**
 * Refuses the first unknown key, before anything else looks into the table: that bounds the depth of what is looked into.
 * @throws {ConfigError} naming the key.
 */
export function refuseUnknownKeys(table: Table, source: string, path: readonly string[] = []): void {
  const known = keysAt(path);
  for (const [key, value] of Object.entries(table)) {
    const inner = [...path, key];
    if (!known.includes(key)) {
      const reason = removedReason(inner) ?? unknownKeyReason(key, known);
      throw new ConfigError({ key: [...path, shownKey(key, known)].join('.'), reason, source });
    }
    if (isTable(value) && keysAt(inner).length > 0) refuseUnknownKeys(value, source, inner);
  }
}

/**
 * Makes a configuration of a table without unknown keys.
 * @throws {ConfigError} naming the first key at fault and never a value.
 */
export function checkTable(table: Table, origin: Origin): DalConfig {
  const name = (path: readonly string[]) => nameOf(path, origin);
  const refuse: RefuseKey = (path, reason) => {
    throw new ConfigError({ ...name(path), reason });
  };
  const sections = readSections(table, origin.overrides, refuse, (path) => name(path).key);
  const { backend } = sections;
  const server = contradictedServer(table, backend, origin.overrides);
  if (server)
    refuse(server, `contradicts backend "${backend}", which connects to no server: remove one of the two`);
  return { ...sections, backend: chooseBackend(table, backend) };
}

/** Returns the variable that sets a key, or the key as the source spells it. */
function nameOf(path: readonly string[], { source, overrides, spell }: Origin) {
  const key = path.join('.');
  const isWithin = (inner: string, outer: string) => `${inner}.`.startsWith(`${outer}.`);
  const override = overrides.find((each) => {
    const overridden = each.path.join('.');
    return isWithin(overridden, key) || isWithin(key, overridden);
  });
  return override ? { key: override.variable, source: 'environment' } : { key: spell(path), source };
}
