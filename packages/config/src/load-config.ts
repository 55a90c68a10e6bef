import { open, type FileHandle } from 'node:fs/promises';
import { parse, TomlError } from 'smol-toml';
import { ConfigError } from './config-error.js';
import { interpolate, overridesIn, referencesIn, type Environment } from './environment.js';
import { checkTable, refuseUnknownKeys } from './check-table.js';
import { explainSettings, type ExplainedSetting } from './explain.js';
import { spellInFile } from './keys.js';
import type { DalConfig } from './sections.js';
import { withValue, type Table } from './table.js';

export interface LoadConfigOptions {
  /** The TOML file to read. Without `file` and `text`, the configuration has the defaults and the environment. */
  readonly file?: string;
  /** TOML to use in place of the file's content. */
  readonly text?: string;
  /** @default process.env */
  readonly env?: Environment;
}

/** A configuration with the origin of each value. */
export interface ExplainedConfig {
  readonly config: DalConfig;
  readonly settings: readonly ExplainedSetting[];
}

/** Size limit of a file. A configuration has a few kilobytes. */
const MAX_BYTES = 1024 * 1024;

/** Depth limit of nested arrays and tables. */
const MAX_DEPTH = 20;

/**
 * Reads the configuration from a file and the environment.
 * @throws {ConfigError} when the file cannot be read, or for what `parseConfig` refuses.
 */
export async function loadConfig(options: LoadConfigOptions = {}): Promise<DalConfig> {
  return (await explainConfig(options)).config;
}

/**
 * Reads the configuration like `loadConfig`, and returns the origin of each value. Secrets are shown as set or not set.
 * @throws {ConfigError} like `loadConfig`.
 */
export async function explainConfig(options: LoadConfigOptions = {}): Promise<ExplainedConfig> {
  const { file, env = process.env } = options;
  const text = options.text ?? (file === undefined ? '' : await read(file));
  return resolve(text, env, file ?? 'configuration');
}

/**
 * Returns the configuration of a TOML text and environment variables. In order: TOML is parsed, unknown keys are refused,
 * `${NAME}` is replaced, `QTDAL_SECTION__KEY` variables replace keys, and all values are checked.
 * @param source the name of the text in errors.
 * @throws {ConfigError} naming the first key at fault and never a value.
 */
export function parseConfig(toml: string, env: Environment, source = 'configuration'): DalConfig {
  return resolve(toml, env, source).config;
}

function resolve(toml: string, env: Environment, source: string): ExplainedConfig {
  const overrides = overridesIn(env, referencesIn(toml));
  const written = parseToml(toml, source);
  refuseUnknownKeys(written, source);
  // An overridden value is not filled in: its variables need not be set.
  const remaining = overrides.reduce((table, { path }) => withValue(table, path, undefined), written);
  const table = overrides.reduce(
    (filled, { path, text }) => withValue(filled, path, text),
    interpolate(remaining, env, source),
  );
  const config = checkTable(table, { overrides, source, spell: spellInFile });
  return { config, settings: explainSettings(config, table, overrides, source) };
}

/** Reads a file, at most one byte more than allowed. */
async function read(file: string): Promise<string> {
  let handle: FileHandle | undefined;
  try {
    handle = await open(file);
    const chunks: Buffer[] = [];
    for await (const chunk of handle.createReadStream({ end: MAX_BYTES, autoClose: false }))
      chunks.push(chunk as Buffer);
    return new TextDecoder('utf-8', { fatal: true }).decode(Buffer.concat(chunks));
  } catch (error) {
    const { code } = error as NodeJS.ErrnoException;
    const reason = code === 'ERR_ENCODING_INVALID_ENCODED_DATA' ? 'is not UTF-8' : `cannot be read (${code})`;
    throw new ConfigError({ reason, source: file });
  } finally {
    await handle?.close();
  }
}

function parseToml(toml: string, source: string): Table {
  if (Buffer.byteLength(toml) > MAX_BYTES)
    throw new ConfigError({ reason: 'is larger than 1 MiB, which no configuration is', source });
  try {
    return parse(toml, { maxDepth: MAX_DEPTH });
  } catch (error) {
    if (!(error instanceof TomlError)) throw error;
    // The lines after the first quote the file, secrets included.
    const [reason = ''] = error.message.split('\n');
    throw new ConfigError({ reason, source: `${source}:${error.line}:${error.column}` });
  }
}
