import { mkdir, readFile, rename, writeFile } from 'node:fs/promises';
import { basename, join } from 'node:path';
import { fileURLToPath, pathToFileURL } from 'node:url';
import type { Plugin } from 'esbuild';

const WORKSPACE = fileURLToPath(new URL('../../..', import.meta.url));
const BUNDLES = join(WORKSPACE, 'node_modules/.cache/bundled-programs');
const bundles = new Map<string, Promise<string>>();

/**
 * Bundles a TypeScript program with the sources of all packages into one file, and returns its path. A process that compiles them itself takes a second
 * of processor time more.
 */
export function bundledProgram(script: URL): Promise<string> {
  let bundle = bundles.get(script.href);
  if (!bundle) bundles.set(script.href, (bundle = bundleOf(fileURLToPath(script))));
  return bundle;
}

async function bundleOf(script: string): Promise<string> {
  const { build } = await import('esbuild');
  const { outputFiles } = await build({
    entryPoints: [script],
    ...{ bundle: true, write: false, platform: 'node', format: 'esm', target: 'node20' },
    conditions: ['@quantumtrade/source'],
    plugins: [ownUrls, installedPackages],
  });
  await mkdir(BUNDLES, { recursive: true });
  const name = script.slice(WORKSPACE.length).replaceAll(/[^\w-]+/g, '-');
  const file = join(BUNDLES, `${name}.mjs`);
  // Another worker may bundle the same program, and a process may be reading it.
  const unfinished = join(BUNDLES, `${process.pid}-${basename(file)}`);
  await writeFile(unfinished, outputFiles[0]!.contents);
  await rename(unfinished, file);
  return file;
}

/** Files keep their own `import.meta.url`, because they find others by it. */
const ownUrls: Plugin = {
  name: 'own-urls',
  setup: ({ onLoad }) =>
    onLoad({ filter: /\.[jt]s$/ }, async ({ path }) => {
      const source = await readFile(path, 'utf8');
      const url = JSON.stringify(pathToFileURL(path).href);
      return { loader: 'ts', contents: source.replaceAll('import.meta.url', url) };
    }),
};

/** Packages from the registry are loaded from where they are installed for the file that imports them. */
const installedPackages: Plugin = {
  name: 'installed-packages',
  setup: ({ onResolve, resolve }) =>
    onResolve({ filter: /^[^./]/ }, async ({ path, kind, resolveDir, pluginData }) => {
      const isOwn = path.startsWith('@quantumtrade/') || path.startsWith('node:');
      if (isOwn || kind === 'entry-point' || pluginData === installedPackages) return undefined;
      const found = await resolve(path, { kind, resolveDir, pluginData: installedPackages });
      return { path: found.errors.length > 0 ? path : found.path, external: true };
    }),
};
