import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';

const readJson = (file) => JSON.parse(readFileSync(file, 'utf8'));

/** Returns the folders whose packages are published. */
export const publishedFolders = (root) =>
  [
    'migrations',
    'apps/cli',
    'apps/service',
    ...readdirSync(join(root, 'packages')).map((name) => `packages/${name}`),
  ].filter((folder) => readJson(join(root, folder, 'package.json')).private !== true);

export const packageName = (root, folder) => readJson(join(root, folder, 'package.json')).name;

const UNWANTED = [
  [/\.(spec|test)\./, 'is a test'],
  [/(^|\/)testing(\/|\.)/, 'is a helper of tests'],
  [/\.tsbuildinfo$/, 'is a build record'],
  [/\.map$/, 'maps to sources that are not packed'],
];

/** Returns the problems of the files of an installed package. */
export function packageProblems(directory) {
  const { name, version, exports = {}, bin = {} } = readJson(join(directory, 'package.json'));
  const problems = [];
  const targets = Object.values(exports).flatMap((target) =>
    typeof target === 'string' ? target : [target.types, target.default].filter(Boolean),
  );
  for (const file of ['README.md', 'LICENSE', ...targets, ...Object.values(bin)]) {
    if (!existsSync(join(directory, file))) problems.push(`${file} is missing`);
  }
  if (!exports['.']) problems.push('has no entry');
  for (const entry of readdirSync(directory, { recursive: true, withFileTypes: true })) {
    const file = join(entry.parentPath, entry.name).slice(directory.length + 1);
    if (!entry.isFile() || file.startsWith('node_modules')) continue;
    for (const [pattern, reason] of UNWANTED) if (pattern.test(file)) problems.push(`${file} ${reason}`);
    if (
      /\.(js|d\.ts)$/.test(file) &&
      /^\/\/# sourceMappingURL/m.test(readFileSync(join(directory, file), 'utf8'))
    ) {
      problems.push(`${file} names a source map`);
    }
  }
  return problems.map((problem) => `${name}@${version}: ${problem}`);
}
