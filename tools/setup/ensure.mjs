/**
 * Prepares a fresh clone: checks the version of Node, installs missing or outdated dependencies, and for the tests with `--servers` a
 * redis-server, and a Prometheus, a Chromium and an S3 server where they can be had, with `--replication` a ZooKeeper and a ClickHouse
 * that replicates as well. Ends quickly when nothing is missing. It uses Node alone, because it runs before any install.
 */
import { spawnSync } from 'node:child_process';
import { createHash } from 'node:crypto';
import { existsSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs';

const root = new URL('../../', import.meta.url);
const at = (path) => new URL(path, root);

function fail(message) {
  console.error(message);
  process.exit(1);
}

function run(command, args, options = {}) {
  console.error(`> ${command} ${args.join(' ')}`);
  const { status, error } = spawnSync(command, args, { cwd: root, stdio: ['ignore', 2, 2], ...options });
  return !error && status === 0;
}

function checkNode() {
  const [major, minor] = process.versions.node.split('.').map(Number);
  if (major > 22 || (major === 22 && minor >= 12) || (major === 20 && minor >= 19)) return;
  fail(`Node ${process.versions.node} is not supported: install Node 20 (20.19 or later).`);
}

function installDependencies() {
  const wanted = createHash('sha256')
    .update(readFileSync(at('package-lock.json')))
    .digest('hex');
  const marker = at('node_modules/.installed-lock');
  if (existsSync(marker) && readFileSync(marker, 'utf8') === wanted) return;
  if (!run('npm', ['ci', '--no-audit', '--no-fund'])) fail('npm ci failed.');
  mkdirSync(at('node_modules/'), { recursive: true });
  writeFileSync(marker, wanted);
}

const isOnPath = (program) => !spawnSync(program, ['--version'], { stdio: 'ignore' }).error;

/** Installs packages of Debian where this process may, without starting the services in them. */
function installPackages(groups) {
  if (groups.length === 0 || process.getuid?.() !== 0 || !existsSync('/usr/bin/apt-get')) return;
  const env = { ...process.env, DEBIAN_FRONTEND: 'noninteractive', RUNLEVEL: '1' };
  const install = (packages) =>
    run('apt-get', ['install', '-y', '-qq', '--no-install-recommends', ...packages], { env });
  run('apt-get', ['update', '-qq'], { env });
  // It installs none of several packages where it lacks one.
  if (!install(groups.flat())) groups.forEach(install);
}

/**
 * Programs of the tests by the package that has them; `needs` are packages beside it. Tests that need one of the optional ones are skipped
 * without it.
 */
const PROGRAMS = {
  'redis-server': { isThere: hasRedis, isOptional: false },
  radosgw: { isThere: hasS3, isOptional: true, needs: ['ceph-mon', 'ceph-osd', 'ceph-common'] },
  prometheus: { isThere: () => isOnPath('prometheus') && isOnPath('promtool'), isOptional: true },
  chromium: { isThere: () => existsSync(process.env.QT_CHROMIUM ?? '/usr/bin/chromium'), isOptional: true },
};

/** Programs of the tests of replication. */
const REPLICATION = {
  zookeeperd: { isThere: hasZooKeeper, isOptional: true, needs: ['default-jre-headless'] },
  'clickhouse-server': { isThere: () => isOnPath('clickhouse-server'), isOptional: true },
};

function hasRedis() {
  const docker = () => spawnSync('docker', ['info'], { stdio: 'ignore' }).status === 0;
  return Boolean(process.env.REDIS_URL) || isOnPath('redis-server') || docker();
}

function hasS3() {
  return Boolean(process.env.S3_URL) || ['radosgw', 'ceph-mon', 'ceph-osd', 'ceph'].every(isOnPath);
}

function hasZooKeeper() {
  return existsSync('/usr/share/java/zookeeper.jar') && isOnPath('java');
}

function installPrograms(programs) {
  const missing = () => Object.keys(programs).filter((name) => !programs[name].isThere());
  installPackages(missing().map((name) => [name, ...(programs[name].needs ?? [])]));
  for (const name of missing()) {
    if (programs[name].isOptional) console.warn(`Tests that need ${name} are skipped: it is not installed.`);
    else
      fail(`The tests need a Redis: install ${name} (on Debian: apt-get install ${name}) or set REDIS_URL.`);
  }
}

checkNode();
installDependencies();
if (process.argv.includes('--servers')) installPrograms(PROGRAMS);
if (process.argv.includes('--replication')) installPrograms(REPLICATION);
