import { anyValue } from '@quantumtrade/dal-domain';
import { readFile } from 'node:fs/promises';
import { fileURLToPath } from 'node:url';
import { rejectionOf, printedForms } from '@quantumtrade/dal-conformance';
import { RedisProcess } from '@quantumtrade/dal-testing/redis';
import type { RedisTlsSettings } from './settings.js';
import { closeAll, connect } from './testing/connected.js';

const path = (name: string) => fileURLToPath(new URL(`./testing/tls/${name}`, import.meta.url));
const pem = (name: string) => readFile(path(name), 'utf8');

const servers: RedisProcess[] = [];
afterEach(async () => {
  await closeAll();
  await Promise.all(servers.splice(0).map((server) => server.kill()));
});

async function startTls(...args: string[]): Promise<RedisProcess> {
  const files = ['--tls-cert-file', path('server.pem'), '--tls-key-file', path('server-key.pem')];
  const server = await RedisProcess.startTls(...files, '--tls-ca-cert-file', path('ca.pem'), ...args);
  servers.push(server);
  return server;
}

const connectTls = ({ port }: RedisProcess, tls: RedisTlsSettings | undefined) =>
  connect({ url: `rediss://127.0.0.1:${port}`, tls, commandTimeoutMs: 600_000 });

it('the client connects to a server with a trusted, matching certificate', async () => {
  const server = await startTls('--tls-auth-clients', 'no');
  const { cache } = connectTls(server, { ca: await pem('ca.pem'), servername: 'redis.test' });
  await cache.set('key', 1, 60);
  expect(await cache.get('key', anyValue)).toBe(1);
});

it('the client refuses an untrusted certificate unless verification is off', async () => {
  const server = await startTls('--tls-auth-clients', 'no');
  const ca = await pem('ca.pem');
  for (const [tls, reason] of [
    [undefined, 'SELF_SIGNED_CERT_IN_CHAIN'],
    [{ servername: 'redis.test' }, 'SELF_SIGNED_CERT_IN_CHAIN'],
    [{ ca }, 'ERR_TLS_CERT_ALTNAME_INVALID'],
    [{ ca, servername: 'other.test' }, 'ERR_TLS_CERT_ALTNAME_INVALID'],
  ] as const) {
    const error = await rejectionOf(() => connectTls(server, tls).probe.ping());
    expect(error).toMatchObject({
      code: 'CONNECTION',
      message: expect.stringMatching(`^Connection failed: ${reason} at `),
    });
  }
  await connectTls(server, { rejectUnauthorized: false }).probe.ping();
});

it('the client presents certificate and never shows the key', async () => {
  const server = await startTls('--tls-auth-clients', 'yes');
  const [ca, cert, key] = await Promise.all(['ca.pem', 'client.pem', 'client-key.pem'].map(pem));
  const trusting = { ca, servername: 'redis.test' };
  await connectTls(server, { ...trusting, cert, key }).probe.ping();
  const error = await rejectionOf(() => connectTls(server, trusting).probe.ping());
  expect(error).toMatchObject({ code: 'CONNECTION' });
  const mismatch = await rejectionOf(() => connectTls(server, { ...trusting, cert: ca, key }).probe.ping());
  expect(printedForms(mismatch)).not.toContain(key!.split('\n')[1]);
});
