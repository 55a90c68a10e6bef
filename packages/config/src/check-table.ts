import { unknownKeyReason } from '@quantumtrade/dal-runtime';
import type { z } from 'zod';
import { chooseBackend, contradictedUrl } from './backend.js';
import { contradictedByUrl } from './contradictions.js';
import { ConfigError } from './config-error.js';
import type { DalConfig } from './dal-config.js';
import type { Override } from './environment.js';
import { shownKey } from './shown-key.js';
import { fileSchema, keysAt, removedReason } from './schema.js';
import { isTable, type Table } from './table.js';
import { toConfig } from './to-config.js';

/** Where a table was written, and how its keys are spelt there. */
export interface Origin {
  /** What errors call the place: a file's name or `defineConfig`. */
  readonly source: string;
  readonly overrides: readonly Override[];
  /** Spells the key at a path of the file as it is written here. */
  readonly spell: (path: readonly string[]) => string;
}

export const spellInFile = (path: readonly string[]): string => path.join('.');

/**
 * Refuses the first key that no configuration has, before anything else looks into the table. So the depth of what is
 * looked into is bounded.
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
  const checked = fileSchema.safeParse(table);
  if (!checked.success) throw complaint(checked.error.issues[0]!, origin);
  const { backend } = checked.data;
  const url = contradictedUrl(table, backend, origin.overrides);
  if (url) {
    const reason = `contradicts backend "${backend}", which connects to no server: remove one of the two`;
    throw problem(url, reason, origin);
  }
  const key = contradictedByUrl(checked.data, origin.overrides);
  if (key) {
    const [section = '', name = ''] = key;
    const { key: givenUrl } = problem([section, 'url'], '', origin);
    const reason = `contradicts the ${name} in ${givenUrl}: remove one of the two, or make them equal`;
    throw problem(key, reason, origin);
  }
  return toConfig(checked.data, chooseBackend(table, backend));
}

function complaint({ path, message, code, ...issue }: z.core.$ZodIssue, origin: Origin): ConfigError {
  const key = path.map(String);
  // What a value of a known key holds besides is told as the value's fault.
  const inner = code === 'unrecognized_keys' ? (issue as { keys: string[] }).keys.slice(0, 1) : [];
  return problem([...key, ...inner], withoutPreamble(message), origin);
}

/** The problem of one key, told of the variable that sets it where there is one. */
function problem(path: readonly string[], reason: string, { source, overrides, spell }: Origin): ConfigError {
  const key = path.join('.');
  const isWithin = (inner: string, outer: string) => `${inner}.`.startsWith(`${outer}.`);
  const override = overrides.find((each) => {
    const overridden = each.path.join('.');
    return isWithin(overridden, key) || isWithin(key, overridden);
  });
  return override
    ? new ConfigError({ key: override.variable, reason, source: 'environment' })
    : new ConfigError({ key: spell(path), reason, source });
}

const withoutPreamble = (message: string): string =>
  message.replace(/^(Invalid input|Invalid option|Too small|Too big): /, '');
