/**
 * Packs every publishable package, looks into the tarballs, installs them in an empty project as a consumer would, and
 * uses them there. Needs `npm run build` before it. Run through `npm run pack:check`.
 */
import { execFileSync } from 'node:child_process';
import { mkdtempSync, readFileSync, readdirSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

const root = new URL('../../', import.meta.url).pathname;
const folders = [
  'migrations',
  'apps/cli',
  ...readdirSync(join(root, 'packages')).map((name) => `packages/${name}`),
];
const scratch = mkdtempSync(join(tmpdir(), 'dal-pack-'));
const run = (command, args, cwd) =>
  execFileSync(command, args, {
    cwd,
    encoding: 'utf8',
    stdio: ['ignore', 'pipe', 'inherit'],
    maxBuffer: 1e8,
  });

const problems = [];
const tarballs = {};
try {
  for (const folder of folders) {
    const manifest = JSON.parse(readFileSync(join(root, folder, 'package.json'), 'utf8'));
    const [packed] = JSON.parse(
      run('npm', ['pack', '--json', '--pack-destination', scratch], join(root, folder)),
    );
    const files = packed.files.map(({ path }) => path);
    const need = ['package.json', 'README.md', 'LICENSE'];
    if (manifest.exports?.['.']) need.push('dist/index.js', 'dist/index.d.ts');
    for (const file of need) if (!files.includes(file)) problems.push(`${manifest.name}: ${file} is missing`);
    for (const file of files) {
      if (/\.(spec|tsbuildinfo)\b/.test(file))
        problems.push(`${manifest.name}: ${file} should not be packed`);
    }
    tarballs[manifest.name] = `file:${join(scratch, packed.filename)}`;
  }

  const consumer = mkdtempSync(join(scratch, 'consumer-'));
  writeFileSync(
    join(consumer, 'package.json'),
    JSON.stringify({ type: 'module', dependencies: tarballs, overrides: tarballs }),
  );
  run('npm', ['install', '--no-audit', '--no-fund', '--prefer-offline'], consumer);
  writeFileSync(
    join(consumer, 'use.mjs'),
    `import { openDatabase, memoryModule, embeddedModule } from '@quantumtrade/dal-container';
     import { parseConfig } from '@quantumtrade/dal-config';
     for (const name of ${JSON.stringify(Object.keys(tarballs).filter((name) => !/migrations|cli/.test(name)))}) await import(name);
     const bar = { symbol: 'AAPL', timestamp: 0, open: 1, high: 2, low: 1, close: 2, adjustedClose: 2, volume: 3, qualityScore: 100 };
     const config = parseConfig('', {});
     for (const backend of [memoryModule(), embeddedModule({ ...config, embedded: {} })]) {
       const { database, close } = await openDatabase(backend);
       await database.initializeSchema();
       await database.insertMarketData({ source: 'x', records: [bar] });
       const { totalCount } = await database.getMarketData({ symbol: 'AAPL' });
       await close();
       if (totalCount !== 1) throw new Error('the bar is not there');
     }
     console.log('ok');`,
  );
  if (!run('node', ['use.mjs'], consumer).includes('ok')) problems.push('the installed packages do not work');
} finally {
  rmSync(scratch, { recursive: true, force: true });
}

for (const problem of problems) console.error(problem);
console.log(`pack: ${folders.length} packages, ${problems.length} problems`);
process.exitCode = problems.length === 0 ? 0 : 1;
