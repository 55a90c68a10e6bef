/** The repository's TypeScript files as one program, with the questions that the checks ask about it. */
import { execFileSync } from 'node:child_process';
import { existsSync } from 'node:fs';
import { dirname, relative, resolve } from 'node:path';
import ts from 'typescript';

/** Returns the paths of all TypeScript files in a directory that git tracks or does not ignore, relative to it. */
export function listSourceFiles(root) {
  const list = (...args) =>
    execFileSync('git', ['ls-files', ...args, '*.ts'], { cwd: root, encoding: 'utf8' });
  const paths = [...list().split('\n'), ...list('--others', '--exclude-standard').split('\n')];
  return paths.filter((path) => path !== '' && existsSync(resolve(root, path))).sort();
}

/** Parses files and resolves their imports as `tsconfig.base.json` in the root says. */
export function createProgram(root, paths) {
  const { config } = ts.readConfigFile(resolve(root, 'tsconfig.base.json'), ts.sys.readFile);
  const { options } = ts.convertCompilerOptionsFromJson(config.compilerOptions, root);
  const rootNames = paths.map((path) => resolve(root, path));
  const program = ts.createProgram({ rootNames, options: { ...options, composite: false, noEmit: true } });
  const known = new Set(rootNames);
  const files = program.getSourceFiles().filter(({ fileName }) => known.has(fileName));
  return { root, program, files, pathOf: (file) => relative(root, file.fileName) };
}

export const isSpec = (path) => /\.spec\.ts$/.test(path);

/** Whether a file serves tests or measurements and is published with no package. */
export const isTestSupport = (path) =>
  /\/testing(\/|\.ts$)|^packages\/(testing|conformance)\/|^tools\//.test(path);

/** Returns the directory of the package that a file belongs to, for example `packages/redis`. */
export const packageOf = (path) =>
  /^(packages|apps|tools)\/[^/]+/.exec(path)?.[0] ?? (dirname(path) === '.' ? '.' : path.split('/')[0]);

/**
 * Returns a file's imports and re-exports: the file of this repository that each names, the names taken (`*` for all)
 * and whether the import exists for types only.
 */
export function importsOf({ program }, file) {
  const options = program.getCompilerOptions();
  const imports = [];
  const add = (specifier, names, isType) => {
    const { resolvedModule } = ts.resolveModuleName(
      specifier.text,
      file.fileName,
      options,
      ts.sys,
      undefined,
      undefined,
      ts.ModuleKind.ESNext,
    );
    const target = resolvedModule && program.getSourceFile(ts.sys.realpath(resolvedModule.resolvedFileName));
    if (target && !/\/node_modules\//.test(target.fileName)) imports.push({ target, names, isType });
  };
  const visit = (node) => {
    if (ts.isImportDeclaration(node)) {
      const { importClause: clause } = node;
      const bindings = clause?.namedBindings;
      const elements = bindings && ts.isNamedImports(bindings) ? bindings.elements : [];
      const names = elements.map(({ propertyName, name }) => (propertyName ?? name).text);
      const isType =
        clause?.isTypeOnly || (elements.length > 0 && elements.every(({ isTypeOnly }) => isTypeOnly));
      add(node.moduleSpecifier, bindings && ts.isNamespaceImport(bindings) ? ['*'] : names, Boolean(isType));
    } else if (ts.isExportDeclaration(node) && node.moduleSpecifier) {
      const elements =
        node.exportClause && ts.isNamedExports(node.exportClause) ? node.exportClause.elements : [];
      const names = elements.map(({ propertyName, name }) => (propertyName ?? name).text);
      add(node.moduleSpecifier, node.exportClause ? names : ['*'], node.isTypeOnly);
    } else if (ts.isCallExpression(node) && node.expression.kind === ts.SyntaxKind.ImportKeyword) {
      if (ts.isStringLiteralLike(node.arguments[0])) add(node.arguments[0], ['*'], false);
    } else if (ts.isImportTypeNode(node) && ts.isLiteralTypeNode(node.argument)) {
      add(node.argument.literal, ['*'], true);
    }
    ts.forEachChild(node, visit);
  };
  visit(file);
  return imports;
}
