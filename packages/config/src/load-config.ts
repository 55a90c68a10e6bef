import { open, type FileHandle } from 'node:fs/promises';
import { parse, TomlError } from 'smol-toml';
import { ConfigError } from './config-error.js';
import type { SecretSources } from '@quantumtrade/dal-secrets';
import {
  interpolate,
  overridesIn,
  referencesIn,
  valueOf,
  type Environment,
  type Override,
} from './environment.js';
import { checkTable, refuseUnknownKeys } from './check-table.js';
import { explainSettings, type ExplainedSetting } from './explain.js';
import { spellInFile } from './keys.js';
import { refuseReferences, SecretReferences, type SecretLookup } from './secret-references.js';
import type { DalConfig } from './sections.js';
import { withValue, type Table } from './table.js';

export interface LoadConfigOptions {
  /** The TOML file to read. Without `file` and `text`, the configuration has the defaults and the environment. */
  readonly file?: string;
  /** TOML to use in place of the file's content. */
  readonly text?: string;
  /** @default process.env */
  readonly env?: Environment;
  /** Sources of secrets beside `file` and `aws-sm`, by the name that references give them. @default none */
  readonly secretSources?: SecretSources;
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
 * Reads the configuration from a file and the environment, and fetches the secrets that it refers to.
 * @throws {ConfigError} when the file cannot be read or a secret cannot be had, or for what `parseConfig` refuses.
 */
export async function loadConfig(options: LoadConfigOptions = {}): Promise<DalConfig> {
  return (await explainConfig(options)).config;
}

/**
 * Reads the configuration like `loadConfig`, and returns the origin of each value. A secret is shown by its reference, or as set or not set.
 * @throws {ConfigError} like `loadConfig`.
 */
export async function explainConfig(options: LoadConfigOptions = {}): Promise<ExplainedConfig> {
  const { file, env = process.env, secretSources } = options;
  const text = options.text ?? (file === undefined ? '' : await read(file));
  const document = readDocument(text, env, file ?? 'configuration');
  const references = new SecretReferences();
  const { secrets } = fill(document, references.collect);
  await references.fetch(
    () => check({ ...(secrets !== undefined && { secrets }) }, document).secrets,
    secretSources,
  );
  return resolve(document, references.find);
}

/**
 * Returns the configuration of a TOML text and environment variables. In order: TOML is parsed, unknown keys are refused,
 * `${NAME}` is replaced, `QTDAL_SECTION__KEY` variables replace keys, and all values are checked. References to secrets are refused.
 * @param source the name of the text in errors.
 * @throws {ConfigError} naming the first key at fault and never a value.
 */
export function parseConfig(toml: string, env: Environment, source = 'configuration'): DalConfig {
  return resolve(readDocument(toml, env, source), refuseReferences).config;
}

/** A configuration as it is written. */
interface Document {
  readonly written: Table;
  readonly overrides: readonly Override[];
  readonly env: Environment;
  readonly source: string;
}

function readDocument(toml: string, env: Environment, source: string): Document {
  const overrides = overridesIn(env, referencesIn(toml));
  const written = parseToml(toml, source);
  refuseUnknownKeys(written, source);
  return { written, overrides, env, source };
}

/** Returns the table with the values of variables and secrets. */
function fill({ written, overrides, env, source }: Document, secretAt: SecretLookup): Table {
  // An overridden value is not filled in: its variables need not be set.
  const remaining = overrides.reduce((table, { path }) => withValue(table, path, undefined), written);
  return overrides.reduce(
    (filled, override) => withValue(filled, override.path, valueOf(override, secretAt)),
    interpolate(remaining, env, source, secretAt),
  );
}

const check = (table: Table, { overrides, source }: Document): DalConfig =>
  checkTable(table, { overrides, source, spell: spellInFile });

function resolve(document: Document, secretAt: SecretLookup): ExplainedConfig {
  const table = fill(document, secretAt);
  const config = check(table, document);
  return { config, settings: explainSettings(config, table, document.overrides, document.source) };
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
