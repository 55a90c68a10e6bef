/** Writes the generated pages of `docs`; with `--check`, fails when one is not current. */
import { readFile, writeFile } from 'node:fs/promises';
import { format, resolveConfig } from 'prettier';
import { configurationPage } from './configuration.mjs';
import { errorsPage } from './errors.mjs';
import { observabilityPage } from './observability.mjs';

const pages = {
  'docs/configuration.md': configurationPage,
  'docs/errors.md': errorsPage,
  'docs/observability.md': observabilityPage,
};

for (const [path, page] of Object.entries(pages)) {
  const current = await format(page(), { ...(await resolveConfig(path)), parser: 'markdown' });
  if (!process.argv.includes('--check')) await writeFile(path, current);
  else if ((await readFile(path, 'utf8').catch(() => '')) !== current) {
    process.stderr.write(`${path} is not current: run npm run docs\n`);
    process.exitCode = 1;
  }
}
