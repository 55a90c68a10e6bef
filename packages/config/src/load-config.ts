import { readFile } from 'node:fs/promises';
import { unknownKeyReason } from '@quantumtrade/dal-runtime';
import { parse, TomlError } from 'smol-toml';
import type { z } from 'zod';
import { ConfigError } from './config-error.js';
import type { DalConfig } from './dal-config.js';
import { interpolate, overridesIn, type Environment, type Override } from './environment.js';
import { fileSchema, keysAt } from './schema.js';
import { withValue, type Table } from './table.js';
import { toConfig } from './to-config.js';

export interface LoadConfigOptions {
  /** The TOML file to read. Without `file` and `text`, defaults and environment are all there is. */
  readonly file?: string;
  /** TOML to use in place of the file's content. */
  readonly text?: string;
  /** Default is `process.env`. */
  readonly env?: Environment;
}

/**
 * Reads the configuration from a file and the environment.
 * @throws {ConfigError} when the file cannot be read, or for what `parseConfig` refuses.
 */
export async function loadConfig(options: LoadConfigOptions = {}): Promise<DalConfig> {
  const { file, env = process.env } = options;
  const text = options.text ?? (file === undefined ? '' : await read(file));
  return parseConfig(text, env, file);
}

/**
 * Makes a configuration of TOML text and environment variables. In order: TOML is parsed, `${NAME}` is filled in,
 * `QTDAL_SECTION__KEY` variables replace keys, and the whole is checked.
 * @param source what errors call the text.
 * @throws {ConfigError} naming the first key at fault and never a value.
 */
export function parseConfig(toml: string, env: Environment, source = 'configuration'): DalConfig {
  const topLevelValues = keysAt([]).filter((key) => keysAt([key]).length === 0);
  const overrides = overridesIn(env, topLevelValues);
  // An overridden value is not filled in: its variables need not be set.
  const remaining = overrides.reduce(
    (table, { path }) => withValue(table, path, undefined),
    parseToml(toml, source),
  );
  const table = overrides.reduce(
    (filled, { path, text }) => withValue(filled, path, text),
    interpolate(remaining, env, source),
  );
  const checked = fileSchema.safeParse(table);
  if (!checked.success) throw complaint(checked.error.issues, overrides, source);
  return toConfig(checked.data);
}

async function read(file: string): Promise<string> {
  try {
    return await readFile(file, 'utf8');
  } catch (error) {
    throw new ConfigError({
      reason: `cannot be read (${(error as NodeJS.ErrnoException).code})`,
      source: file,
    });
  }
}

function parseToml(toml: string, source: string): Table {
  try {
    return parse(toml);
  } catch (error) {
    if (!(error instanceof TomlError)) throw error;
    // The lines after the first quote the file, secrets included.
    const [reason = ''] = error.message.split('\n');
    throw new ConfigError({ reason, source: `${source}:${error.line}:${error.column}` });
  }
}

function complaint(
  issues: readonly z.core.$ZodIssue[],
  overrides: readonly Override[],
  source: string,
): ConfigError {
  // A misspelt key explains the others, so it comes first.
  const issue = issues.find(({ code }) => code === 'unrecognized_keys') ?? issues[0]!;
  const path = issue.path.map(String);
  const unknown = issue.code === 'unrecognized_keys' ? issue.keys[0] : undefined;
  const key = (unknown === undefined ? path : [...path, unknown]).join('.');
  const isWithin = (inner: string, outer: string) => `${inner}.`.startsWith(`${outer}.`);
  const override = overrides.find(({ path }) => {
    const overridden = path.join('.');
    return isWithin(overridden, key) || isWithin(key, overridden);
  });
  return new ConfigError({
    key: override?.variable ?? key,
    reason: unknown === undefined ? withoutPreamble(issue.message) : unknownKeyReason(unknown, keysAt(path)),
    source: override ? 'environment' : source,
  });
}

const withoutPreamble = (message: string): string =>
  message.replace(/^(Invalid input|Invalid option|Too small|Too big): /, '');
