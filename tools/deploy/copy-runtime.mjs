/**
 * Copies packages of this workspace and what they need at run time from the installed tree to a folder, whose `node_modules` then is
 * complete by itself: `node tools/deploy/copy-runtime.mjs FOLDER PACKAGE…`. Versions are those that are installed, so those of the lock file.
 * Development dependencies and optional peers are left out; a package that is named beside the applications is copied too.
 */
import { chmodSync, cpSync, existsSync, mkdirSync, readFileSync, realpathSync, symlinkSync } from 'node:fs';
import { createRequire } from 'node:module';
import { dirname, join, relative, sep } from 'node:path';
import { fileURLToPath } from 'node:url';

const MODULES = 'node_modules';
/** Parts of a built package that no run reads. */
const UNUSED = /(^|\/)testing(\/|\.)|\.(tsbuildinfo|map)$|\.d\.[cm]?ts$/;

const readManifest = (folder) => JSON.parse(readFileSync(join(folder, 'package.json'), 'utf8'));

/** Returns the folder in which Node.js finds a package from another one; undefined where it is not installed. */
function findPackage(from, name) {
  const paths = createRequire(join(from, 'package.json')).resolve.paths(name) ?? [];
  const folder = paths.map((path) => join(path, name)).find((path) => existsSync(join(path, 'package.json')));
  return folder && realpathSync(folder);
}

/** Returns the packages that a package loads at run time, each with whether its absence is an error. */
function runtimeDependencies({
  dependencies = {},
  optionalDependencies = {},
  peerDependencies = {},
  peerDependenciesMeta = {},
}) {
  const peers = Object.keys(peerDependencies).filter((name) => !peerDependenciesMeta[name]?.optional);
  const needed = [...Object.keys(dependencies), ...peers].filter((name) => !(name in optionalDependencies));
  return [
    ...needed.map((name) => ({ name, isNeeded: true })),
    ...Object.keys(optionalDependencies).map((name) => ({ name, isNeeded: false })),
  ];
}

/** Returns the folders of all packages that the named ones need at run time, themselves included. */
function collectFolders(root, names) {
  const folders = new Set();
  const add = (from, name, isNeeded) => {
    const folder = findPackage(from, name);
    if (!folder && isNeeded)
      throw new Error(`${relative(root, from) || 'the workspace'} needs ${name}, which is not installed`);
    if (!folder || folders.has(folder)) return;
    folders.add(folder);
    for (const dependency of runtimeDependencies(readManifest(folder))) {
      add(folder, dependency.name, dependency.isNeeded);
    }
  };
  for (const name of names) add(root, name, true);
  return [...folders];
}

/** Returns the place of a package in the copied tree, below its `node_modules`; that of a package of the workspace follows from its name. */
function placeOf(root, folder) {
  const path = relative(root, folder).split(sep);
  const first = path.indexOf(MODULES);
  if (first === 0) return join(...path);
  const owner = first < 0 ? folder : join(root, ...path.slice(0, first));
  const nested = first < 0 ? [] : path.slice(first);
  return join(MODULES, readManifest(owner).name, ...nested);
}

/** Copies the published files of a package of the workspace, and links its commands. */
function copyOwn(folder, to, target) {
  const { files = [], bin = {} } = readManifest(folder);
  for (const file of ['package.json', 'LICENSE', ...files.filter((name) => !name.startsWith('!'))]) {
    if (!existsSync(join(folder, file))) throw new Error(`${join(folder, file)} does not exist: build first`);
    cpSync(join(folder, file), join(target, file), {
      recursive: true,
      filter: (source) => !UNUSED.test(relative(folder, source).split(sep).join('/')),
    });
  }
  for (const [command, file] of Object.entries(bin)) {
    const link = join(to, MODULES, '.bin', command);
    mkdirSync(dirname(link), { recursive: true });
    chmodSync(join(target, file), 0o755);
    symlinkSync(relative(dirname(link), join(target, file)), link);
  }
}

/** Copies packages and all they need at run time into `to/node_modules`, which must not exist. */
export function copyRuntime(root, to, names) {
  if (existsSync(join(to, MODULES))) throw new Error(`${join(to, MODULES)} exists`);
  for (const folder of collectFolders(realpathSync(root), names)) {
    const place = placeOf(realpathSync(root), folder);
    const target = join(to, place);
    const isOwn = !relative(realpathSync(root), folder).split(sep).includes(MODULES);
    if (isOwn) copyOwn(folder, to, target);
    else {
      const within = (source) => relative(folder, source).split(sep);
      cpSync(folder, target, { recursive: true, filter: (source) => !within(source).includes(MODULES) });
    }
  }
}

if (process.argv[1] === fileURLToPath(import.meta.url)) {
  const [to, ...names] = process.argv.slice(2);
  if (!to || names.length === 0) {
    console.error('Usage: node tools/deploy/copy-runtime.mjs FOLDER PACKAGE…');
    process.exit(2);
  }
  copyRuntime(fileURLToPath(new URL('../../', import.meta.url)), to, names);
}
