import assert from 'node:assert/strict';
import { createHash } from 'node:crypto';
import { once } from 'node:events';
import { existsSync, readdirSync } from 'node:fs';
import { createServer } from 'node:net';
import { after, before, test } from 'node:test';
import { setTimeout as sleep } from 'node:timers/promises';
import { PlainImage } from './plain-image.mjs';

const TOKEN = 'image-test-token-0123456789';
const CONFIGURATION = `backend = "memory"
[http.stop]
drain_delay = 0.1
[[http.tokens]]
user = "application"
roles = ["read", "write", "operate"]
sha256 = "${createHash('sha256').update(TOKEN).digest('hex')}"
`;
const MAX_MEGABYTES = 150;
const START_LIMIT_MS = 30_000;
const ROWS = '/v1/records/marketData';

async function freePort() {
  const server = createServer().listen(0, '127.0.0.1');
  await once(server, 'listening');
  const { port } = server.address();
  server.close();
  return port;
}

const port = await freePort();
const image = new PlainImage(CONFIGURATION, { QTDAL_HTTP__PORT: String(port) });
const url = (path) => `http://127.0.0.1:${port}${path}`;
const call = (path, init = {}) =>
  fetch(url(path), {
    ...init,
    headers: { authorization: `Bearer ${TOKEN}`, 'content-type': 'application/json', connection: 'close' },
  });

let service;
before(async () => {
  service = image.start();
  const end = performance.now() + START_LIMIT_MS;
  while (image.checkHealth() !== 0) {
    assert.ok(service.isRunning() && performance.now() < end, `not healthy: ${service.log()}`);
    await sleep(100);
  }
});
after(() => {
  service.kill('SIGKILL');
  image.remove();
});

test('the service becomes ready', async () => {
  assert.equal((await fetch(url('/readyz'))).status, 200);
});

test('a row is written and read', async () => {
  const row = { symbol: 'AAPL', timestamp: '2024-01-02T14:30:00Z', volume: 1, qualityScore: 100 };
  const prices = { open: '1', high: '1', low: '1', close: '1.5', adjustedClose: '1.5' };
  const body = JSON.stringify({ source: 'vendor', records: [{ ...row, ...prices }] });
  const written = await call(ROWS, { method: 'POST', body });
  assert.equal(written.status, 200, await written.text());
  const read = await call(`${ROWS}/latest?symbol=AAPL&exact=true`);
  assert.match(await read.text(), /"close":"1\.5/);
});

test('only probes are open without a token', async () => {
  for (const path of ['/metrics', '/healthz', `${ROWS}/latest?symbol=AAPL`]) {
    assert.equal((await fetch(url(path))).status, 401, path);
  }
});

test('the tree is read-only for the process', () => {
  const script = `require('fs').writeFileSync(${JSON.stringify(image.path('/app/new'))}, '')`;
  assert.match(image.run('node', '-e', script).output, /EACCES|EROFS/);
  const inVolume = `require('fs').writeFileSync('probe', '')`;
  assert.equal(image.run('node', '-e', inVolume).status, 0);
});

test('every package of the workspace in the image loads', () => {
  const names = readdirSync(image.path('/app/node_modules/@quantumtrade')).map(
    (name) => `@quantumtrade/${name}`,
  );
  assert.ok(names.includes('@quantumtrade/dal-clickhouse') && names.includes('@quantumtrade/dal-redis'));
  const from = JSON.stringify(image.path('/app/any.mjs'));
  const script = `const { createRequire } = require('module'); const find = createRequire(${from});
    Promise.all(${JSON.stringify(names)}.map((name) => import(find.resolve(name)))).catch((e) => { console.error(e); process.exit(1); })`;
  const { status, output } = image.run('node', '-e', script);
  assert.equal(status, 0, output);
});

test('the command line is on the path', () => {
  assert.match(image.run('qtdal', '--help').output, /Usage: qtdal/);
});

test('the image has no development dependency and no test', () => {
  const modules = readdirSync(image.path('/app/node_modules'));
  for (const name of ['typescript', 'jest', 'nx', 'tsx', 'eslint', 'chdb'])
    assert.ok(!modules.includes(name), name);
  const own = readdirSync(image.path('/app/node_modules/@quantumtrade'));
  for (const name of ['dal-testing', 'dal-test-servers', 'dal-clickhouse-embedded'])
    assert.ok(!own.includes(name), name);
  assert.ok(!existsSync(image.path('/app/node_modules/@quantumtrade/dal-service/src')));
  const megabytes = image.megabytes();
  console.log(`${megabytes.toFixed(0)} MB`);
  assert.ok(megabytes < MAX_MEGABYTES, `${megabytes} MB`);
});

test('SIGTERM ends the service with 0, and its health with it', async () => {
  service.kill('SIGTERM');
  const { code, log } = await service.ended;
  assert.equal(code, 0, log());
  assert.match(log(), /"stopped"/);
  assert.equal(image.checkHealth(), 1);
});
