import assert from 'node:assert/strict';
import { execFile } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, test } from 'node:test';
import { promisify } from 'node:util';

const BENCHES = [
  'cache',
  'cache-soak',
  'overhead',
  'overload',
  'failover',
  'instrumentation',
  'schema',
  'storage',
  'read',
  'write',
  'write-sustained',
];

const directory = mkdtempSync(join(tmpdir(), 'bench-smoke-'));
after(() => rmSync(directory, { recursive: true, force: true }));

/** Runs every case of all benches once, in one process, on sizes at which it takes seconds. Returns what they have written as JSON. */
async function smokeReports() {
  const file = join(directory, 'reports.json');
  const main = new URL('src/main.ts', import.meta.url).pathname;
  const source = ['--import', 'tsx', '--conditions=@quantumtrade/source', main];
  const args = [...source, ...BENCHES, '--smoke', '--json', file];
  await promisify(execFile)(process.execPath, args, { maxBuffer: 2 ** 26 });
  return JSON.parse(readFileSync(file, 'utf8'));
}

const isSpread = (figures) =>
  Object.keys(figures).join() === 'min,median,max' && Object.values(figures).every(Number.isFinite);

/** Returns what is wrong with the form of a result. */
function problemsOf({ case: title, unit, ours, peers, ratios = {}, note = '', ...unknown }) {
  const sides = { ...peers, ours };
  return [
    ...[title, unit]
      .filter((text) => typeof text !== 'string' || text === '')
      .map(() => 'has no case or unit'),
    ...Object.entries(sides).flatMap(([name, figures]) =>
      figures === null || isSpread(figures) ? [] : [`${name} is no spread`],
    ),
    ...Object.entries(ratios).flatMap(([name, figures]) =>
      name in peers && isSpread(figures) ? [] : [`the ratio to ${name} is none`],
    ),
    ...(typeof note === 'string' ? [] : ['has a note that is no text']),
    ...Object.keys(unknown).map((key) => `has an unknown ${key}`),
  ].map((problem) => `${title}: ${problem}`);
}

test('every case of every bench runs and writes its figures', async () => {
  const reports = await smokeReports();
  assert.deepEqual(
    reports.map(({ bench }) => bench),
    BENCHES,
  );
  for (const { machine, results, ...report } of reports) {
    assert.deepEqual(Object.keys(report), ['bench']);
    assert.deepEqual(Object.keys(machine), ['cpu', 'cores', 'memoryGiB', 'node', 'engine']);
    assert.ok(results.length > 0);
    assert.deepEqual(results.flatMap(problemsOf), []);
  }
});

test('the form of a result is checked', () => {
  const spread = { min: 1, median: 1, max: 1 };
  assert.deepEqual(problemsOf({ case: 'a', unit: 'ms', ours: spread, peers: { b: null } }), []);
  const wrong = { case: 'a', unit: '', ours: { min: 1 }, peers: {}, ratios: { b: spread }, more: 1 };
  assert.deepEqual(problemsOf(wrong), [
    ...[
      'a: has no case or unit',
      'a: ours is no spread',
      'a: the ratio to b is none',
      'a: has an unknown more',
    ],
  ]);
});
