/**
 * Releases all packages from a clean clone through `nx release` to a registry on loopback, checks the published files, and
 * installs and uses them in projects outside. Checks the committed state. `npm run release:check` runs it.
 */
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { cleanClone } from './clean-clone.mjs';
import { Consumer, readmeExample } from './consumer.mjs';
import { packageName, packageProblems, publishedFolders } from './packages.mjs';
import { startRegistry } from './registry.mjs';
import { run } from './run.mjs';

const MAX_SERVICE_MEGABYTES = 60;
const EMBEDDED = '@quantumtrade/dal-clickhouse-embedded';
const SERVICE = ['container', 'clickhouse', 'redis', 'config'].map((name) => `@quantumtrade/dal-${name}`);

const root = new URL('../../', import.meta.url).pathname;
const scratch = mkdtempSync(join(tmpdir(), 'release-check-'));
const problems = [];
const started = performance.now();
const step = (name) =>
  console.log(`${((performance.now() - started) / 1000).toFixed(0).padStart(4)} s  ${name}`);

/** Adds a problem with a reason when a text lacks a part. */
const expectText = (reason, text, part) => {
  if (!text.includes(part)) problems.push(`${reason}: ${text.trim() || 'nothing was printed'}`);
};

const folders = publishedFolders(root);
const names = folders.map((folder) => packageName(root, folder));
const readme = readFileSync(join(root, 'README.md'), 'utf8');
for (const folder of folders)
  if (!readme.includes(`](${folder})`)) problems.push(`README.md does not name ${folder}`);

/** Installs the packages of a service and uses them without the engine. */
async function checkService(env, example) {
  const service = new Consumer(join(scratch, 'service'), root, env);
  await service.install(SERVICE);
  const megabytes = await service.installedMegabytes();
  step(`a service takes ${megabytes.toFixed(0)} MB`);
  if (megabytes > MAX_SERVICE_MEGABYTES) problems.push(`a service takes ${megabytes.toFixed(0)} MB`);
  const onMemory = example.replace("backend: 'embedded'", "backend: 'memory'");
  await service.load(SERVICE);
  await service.typecheck(SERVICE, onMemory);
  expectText('the example on memory', await service.run(onMemory), '1 [] ');
  const refusal = await service.run(example).catch((error) => error.message);
  expectText('an engine that is not installed', refusal, `npm install ${EMBEDDED}`);
  step('a service is imported, required, type-checked and used');
}

/** Installs every package, and imports, requires, type-checks and uses them. */
async function checkEveryPackage(env, example) {
  const everything = new Consumer(join(scratch, 'everything'), root, env);
  await everything.install(names);
  for (const name of names)
    problems.push(...packageProblems(join(everything.directory, 'node_modules', name)));
  step('every package is installed');
  await everything.load(names);
  await everything.typecheck(names, example);
  expectText('the example', await everything.run(example), '1 [] ');
  for (const bin of ['qtdal', 'qtdal-service'])
    expectText(bin, await run('npx', [bin, '--help'], { cwd: everything.directory }), `Usage: ${bin}`);
  step('every package is imported, required, type-checked and used');
}

const registry = await startRegistry(join(scratch, 'registry'));
try {
  const identity = { NAME: 'release-check', EMAIL: 'release-check@localhost' };
  const env = {
    NPM_CONFIG_USERCONFIG: registry.userconfig,
    NX_DAEMON: 'false',
    ...Object.fromEntries(
      ['AUTHOR', 'COMMITTER'].flatMap((role) =>
        Object.entries(identity).map(([key, value]) => [`GIT_${role}_${key}`, value]),
      ),
    ),
  };
  const clone = join(scratch, 'clone');
  step('clone what is committed');
  await cleanClone(root, clone);
  const [unbuilt] = JSON.parse(
    await run('npm', ['pack', '--dry-run', '--json'], { cwd: join(clone, 'packages/runtime') }),
  );
  if (!unbuilt.files.some(({ path }) => path === 'dist/index.js'))
    problems.push('a package is packed without a build');
  step('nx release');
  await run('npx', ['nx', 'release', '--yes'], { cwd: clone, env });

  step(`install a service (${SERVICE.join(', ')}), and every package`);
  const example = readmeExample(root);
  // Both end before their files are removed, and the failures of both are reported.
  const checks = await Promise.allSettled([checkService(env, example), checkEveryPackage(env, example)]);
  for (const { reason } of checks.filter(({ status }) => status === 'rejected'))
    problems.push(String(reason));
} finally {
  registry.stop();
  rmSync(scratch, { recursive: true, force: true });
}

for (const problem of problems) console.error(problem);
step(`${names.length} packages, ${problems.length} problems`);
process.exit(problems.length === 0 ? 0 : 1);
