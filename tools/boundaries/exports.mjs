/** Finds exported names with two meanings, and exports that nothing uses. */
import { execFileSync } from 'node:child_process';
import { existsSync, readFileSync } from 'node:fs';
import { resolve } from 'node:path';
import ts from 'typescript';
import { importsOf, isSpec, isTestSupport, packageOf } from './source-files.mjs';

const isTypeDeclaration = (node) => ts.isInterfaceDeclaration(node) || ts.isTypeAliasDeclaration(node);

/** Returns the names that a file declares and exports, re-exports excluded. */
function declaredExports(program, file) {
  const symbol = program.getTypeChecker().getSymbolAtLocation(file);
  return [...(symbol?.exports?.values() ?? [])]
    .filter(
      ({ name, declarations = [] }) =>
        name !== 'default' && declarations.some((each) => each.getSourceFile() === file),
    )
    .filter(({ flags }) => !(flags & (ts.SymbolFlags.Alias | ts.SymbolFlags.ExportStar)))
    .map(({ name, declarations }) => ({ name, isType: declarations.every(isTypeDeclaration) }));
}

/** Counts how often a file mentions a name as an identifier. */
function mentions(file, name) {
  let count = 0;
  const visit = (node) => {
    if (ts.isIdentifier(node) && node.text === name) count++;
    ts.forEachChild(node, visit);
  };
  visit(file);
  return count;
}

/** Follows a name through re-exports to the file that declares it. */
function declarationOf(program, file, name) {
  const checker = program.getTypeChecker();
  const symbol = checker.getSymbolAtLocation(file);
  const exported = symbol && checker.tryGetMemberInModuleExports(name, symbol);
  if (!exported) return undefined;
  const target = exported.flags & ts.SymbolFlags.Alias ? checker.getAliasedSymbol(exported) : exported;
  const [declaration] = target.declarations ?? [];
  return declaration && { file: declaration.getSourceFile(), name: target.name };
}

/** Returns the text of all JavaScript files, which import names of TypeScript files at run time. */
function readScripts(root) {
  const paths = execFileSync('git', ['ls-files', '*.mjs', '*.js'], { cwd: root, encoding: 'utf8' }).split(
    '\n',
  );
  return paths
    .filter((path) => path !== '' && existsSync(resolve(root, path)))
    .map((path) => readFileSync(resolve(root, path), 'utf8'))
    .join('\n');
}

/** Collects, for each exported name, which files of which kind import it. */
function collectUses(sources) {
  const { program, files, pathOf } = sources;
  const checker = program.getTypeChecker();
  const uses = new Map();
  const add = (target, name, user) => {
    const declared = declarationOf(program, target, name);
    if (!declared || declared.file === user) return;
    const key = `${pathOf(declared.file)}#${declared.name}`;
    uses.set(key, (uses.get(key) ?? new Set()).add(pathOf(user)));
  };
  for (const file of files) {
    for (const { target, names } of importsOf(sources, file)) {
      const module = checker.getSymbolAtLocation(target);
      const taken =
        names.includes('*') && module ? checker.getExportsOfModule(module).map(({ name }) => name) : names;
      for (const name of taken) add(target, name, file);
    }
  }
  return uses;
}

const ADAPTERS = /^packages\/(clickhouse|memory|redis)\//;

/** Whether all paths are of different adapters, which may implement one port under one name. */
const areTwins = (paths) =>
  paths.every((path) => ADAPTERS.test(path)) && new Set(paths.map(packageOf)).size === paths.length;

/** Reports each name that files of shipped code or of tools export with different declarations. */
export function checkExportedNames(sources) {
  const places = new Map();
  for (const file of sources.files) {
    const path = sources.pathOf(file);
    if (isSpec(path)) continue;
    for (const { name } of declaredExports(sources.program, file)) {
      places.set(name, [...(places.get(name) ?? []), path]);
    }
  }
  return [...places]
    .filter(([, paths]) => paths.length > 1 && !areTwins(paths))
    .map(([name, paths]) => `${name} is exported by ${paths.join(' and ')}`);
}

/**
 * Reports exports without a caller, re-exports aside. Code that ships needs a caller that ships, in another file. Tests and
 * examples count as callers of public names and of names that their own file uses as well. Public types need none, and neither
 * do types that describe an export of their own file.
 */
export function checkCallers(sources) {
  const { root, program, files, pathOf } = sources;
  const uses = collectUses(sources);
  const scripts = readScripts(root);
  const findings = [];
  for (const file of files) {
    const path = pathOf(file);
    if (isSpec(path) || isIndex(path)) continue;
    for (const { name, isType } of declaredExports(program, file)) {
      const users = [...(uses.get(`${path}#${name}`) ?? [])];
      const isPublic = users.some(isIndex) && isPublished(root, packageOf(path));
      const isUsedAtHome = mentions(file, name) > 1;
      if (isType && (isPublic || isUsedAtHome)) continue;
      if (new RegExp(`\\b${name}\\b`).test(scripts)) continue;
      const callers = users.filter((user) => !isIndex(user));
      const mayServeTests = isTestSupport(path) || isPublic || isUsedAtHome;
      if (callers.some((user) => mayServeTests || !(isSpec(user) || isTestSupport(user)))) continue;
      findings.push(`${path}: ${name} ${remark(isUsedAtHome, callers.length > 0)}`);
    }
  }
  return findings;
}

const isIndex = (path) => /(^|\/)index\.ts$/.test(path);

function remark(isUsedAtHome, isTested) {
  if (isUsedAtHome) return 'is used in its own file only';
  return isTested ? 'is used by tests only' : 'has no caller';
}

const published = new Map();
function isPublished(root, directory) {
  if (!published.has(directory)) {
    const manifest = JSON.parse(readFileSync(resolve(root, directory, 'package.json'), 'utf8'));
    published.set(directory, manifest.private !== true);
  }
  return published.get(directory);
}
