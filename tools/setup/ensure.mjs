/**
 * Prepares a fresh clone: checks the version of Node, installs missing or outdated dependencies, and with `--servers` a
 * redis-server and a Chromium for the tests. Ends quickly when nothing is missing. It uses Node alone, because it runs before any install.
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

const isThere = (command) => !spawnSync(command, ['--version'], { stdio: 'ignore' }).error;

/** Installs Debian packages where this process may. */
function installPackage(name) {
  if (process.getuid?.() !== 0 || !existsSync('/usr/bin/apt-get')) return;
  const env = { ...process.env, DEBIAN_FRONTEND: 'noninteractive', RUNLEVEL: '1' };
  run('apt-get', ['update', '-qq'], { env });
  run('apt-get', ['install', '-y', '-qq', '--no-install-recommends', name], { env });
}

function installRedis() {
  const docker = () => spawnSync('docker', ['info'], { stdio: 'ignore' }).status === 0;
  if (process.env.REDIS_URL || isThere('redis-server') || docker()) return;
  installPackage('redis-server');
  if (!isThere('redis-server')) {
    fail(
      'The tests need a Redis: install redis-server (on Debian: apt-get install redis-server) or set REDIS_URL.',
    );
  }
}

function installChromium() {
  const chromium = process.env.QT_CHROMIUM ?? '/usr/bin/chromium';
  if (existsSync(chromium)) return;
  if (!process.env.QT_CHROMIUM) installPackage('chromium');
  if (!existsSync(chromium)) {
    fail(
      'The tests need a Chromium: install it (on Debian: apt-get install chromium) or set QT_CHROMIUM to its path.',
    );
  }
}

checkNode();
installDependencies();
if (process.argv.includes('--servers')) {
  installRedis();
  installChromium();
}
