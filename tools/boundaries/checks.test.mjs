import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { it } from 'node:test';
import { checkCycles, findCycles } from './cycles.mjs';
import { checkCallers, checkExportedNames } from './exports.mjs';
import { checkLinks } from './links.mjs';
import { createProgram, listSourceFiles } from './source-files.mjs';

const OPTIONS = { module: 'nodenext', moduleResolution: 'nodenext', target: 'es2022', types: [] };

/** Runs a check over a repository of these files. */
function runCheck(check, files) {
  const root = mkdtempSync(join(tmpdir(), 'boundaries-'));
  const all = {
    'tsconfig.base.json': JSON.stringify({ compilerOptions: OPTIONS }),
    'package.json': '{ "type": "module", "private": true }',
    'packages/a/package.json': '{ "name": "a", "type": "module" }',
    'packages/b/package.json': '{ "name": "b", "type": "module", "private": true }',
    ...files,
  };
  try {
    for (const [path, text] of Object.entries(all)) {
      mkdirSync(dirname(join(root, path)), { recursive: true });
      writeFileSync(join(root, path), text);
    }
    execFileSync('git', ['init', '-q'], { cwd: root });
    return check(createProgram(root, listSourceFiles(root)));
  } finally {
    rmSync(root, { recursive: true });
  }
}

const graphOf = (edges) => new Map(Object.entries(edges).map(([from, to]) => [from, new Set(to)]));

it('finds every cycle of a graph, the largest first', () => {
  const graph = graphOf({ a: ['b'], b: ['c'], c: ['a', 'd'], d: ['e'], e: ['d', 'f'], f: [], g: ['g'] });
  assert.deepEqual(findCycles(graph), [['a', 'b', 'c'], ['d', 'e'], ['g']]);
});

it('finds no cycle where paths only meet', () => {
  assert.deepEqual(findCycles(graphOf({ a: ['b', 'c'], b: ['d'], c: ['d'], d: [] })), []);
});

it('reports modules that import each other, by types as well', () => {
  const findings = runCheck(checkCycles, {
    'packages/a/src/x.ts': "import type { y } from './y.js'; export type x = typeof y;",
    'packages/a/src/y.ts': "import { z } from './z.js'; export const y = z;",
    'packages/a/src/z.ts': "export const z = async () => import('./x.js');",
  });
  assert.deepEqual(findings, [
    'modules import each other: packages/a/src/x.ts, packages/a/src/y.ts, packages/a/src/z.ts',
  ]);
});

it('reports packages that import each other, but not when only tests do', () => {
  const files = {
    'packages/a/src/x.ts': "import { y } from '../../b/src/y.js'; export const x = y;",
    'packages/b/src/y.ts': 'export const y = 1;',
    'packages/b/src/y.spec.ts': "import { x } from '../../a/src/x.js'; x;",
  };
  assert.deepEqual(runCheck(checkCycles, files), []);
  const shipped = { ...files, 'packages/b/src/w.ts': "export { x } from '../../a/src/x.js';" };
  assert.deepEqual(runCheck(checkCycles, shipped), ['packages import each other: packages/a, packages/b']);
});

it('reports a name that two files declare, but not a re-export', () => {
  const findings = runCheck(checkExportedNames, {
    'packages/a/src/x.ts': 'export const same = 1; export const once = 1;',
    'packages/a/src/index.ts': "export { once } from './x.js';",
    'packages/b/src/y.ts': 'export function same() {}',
    'packages/b/src/y.spec.ts': 'export const once = 2;',
  });
  assert.deepEqual(findings, ['same is exported by packages/a/src/x.ts and packages/b/src/y.ts']);
});

it('accepts one name for the implementations of a port in different adapters', () => {
  const files = {
    'packages/memory/src/x.ts': 'export const repository = 1;',
    'packages/redis/src/x.ts': 'export const repository = 2;',
  };
  assert.deepEqual(runCheck(checkExportedNames, files), []);
  const twice = { ...files, 'packages/redis/src/y.ts': 'export const repository = 3;' };
  assert.equal(runCheck(checkExportedNames, twice).length, 1);
});

it('reports exports that nothing but tests or re-exports use', () => {
  const findings = runCheck(checkCallers, {
    'packages/b/src/index.ts': "export { reexported } from './x.js';",
    'packages/b/src/x.ts': [
      'export const reexported = 1;',
      'export const tested = 1;',
      'export const atHome = 1;',
      'export const used = atHome;',
      'export interface Described {}',
      'export function describes(): Described { return {}; }',
    ].join('\n'),
    'packages/b/src/x.spec.ts': "import { tested } from './x.js'; tested;",
    'packages/b/src/z.ts': "import { used, describes } from './x.js'; used; describes();",
  });
  assert.deepEqual(findings, [
    'packages/b/src/x.ts: reexported has no caller',
    'packages/b/src/x.ts: tested is used by tests only',
    'packages/b/src/x.ts: atHome is used in its own file only',
  ]);
});

it('accepts tests as callers of public names of published packages', () => {
  const files = {
    'packages/a/src/index.ts': "export { open } from './x.js';",
    'packages/a/src/x.ts': 'export const open = 1;',
  };
  assert.deepEqual(runCheck(checkCallers, files), ['packages/a/src/x.ts: open has no caller']);
  const tested = { ...files, 'packages/a/src/x.spec.ts': "import { open } from './x.js'; open;" };
  assert.deepEqual(runCheck(checkCallers, tested), []);
});

it('reports links and paths to missing files', () => {
  const findings = runCheck(checkLinks, {
    'README.md':
      'A [file](docs/a.md#part), a [gap](docs/b.md), `packages/a/none.ts`, `packages/X/src`, docs/adr/0001, docs/adr/0002.',
    'docs/a.md': '[up](../README.md) [site](https://example.com) [part](#part) `packages/<name>/src`',
    'docs/adr/0001-decision.md': '',
  });
  assert.deepEqual(findings, [
    'README.md names docs/b.md, which is missing',
    'README.md names packages/a/none.ts, which is missing',
    'README.md names packages/X/src, which is missing',
    'README.md names docs/adr/0002, which is missing',
  ]);
});
