import { readFileSync } from 'node:fs';
import { defineConfig, parseConfig } from '@quantumtrade/dal-config';

/** Settings of a service for which nothing is configured. */
export const httpDefaults = defineConfig({ backend: 'memory' }).http;

const REFERENCE = /\$\{file:([^}#]+)\}/g;

/**
 * Returns the configuration in a file, as the service reads it, and the files of secrets that it refers to. Its variables are replaced
 * by hashes.
 */
export function readConfiguration(path) {
  const text = readFileSync(new URL(`../../${path}`, import.meta.url), 'utf8');
  const secretFiles = [...text.matchAll(REFERENCE)].map(([, file]) => file);
  const variables = [...text.matchAll(/\$\{([A-Z0-9_]+)(:-[^}]*)?\}/g)].map(([, name, fallback]) => ({
    name,
    isRequired: fallback === undefined,
  }));
  const env = Object.fromEntries(
    variables.filter(({ isRequired }) => isRequired).map(({ name }) => [name, 'ab'.repeat(32)]),
  );
  return { config: parseConfig(text.replaceAll(REFERENCE, 'a secret'), env), secretFiles, variables };
}
