import { anyValue } from '@quantumtrade/dal-domain';
import { readFile } from 'node:fs/promises';
import { rejectionOf, printedForms } from '@quantumtrade/dal-conformance';
import type { TlsSettings } from '@quantumtrade/dal-runtime';
import { certificatePath } from '@quantumtrade/dal-testing';
import { RedisProcess } from '@quantumtrade/dal-testing/redis';
import { closeAll, connect } from './testing/connected.js';

const pem = (name: string) => readFile(certificatePath(name), 'utf8');

const servers: RedisProcess[] = [];
afterEach(async () => {
  await closeAll();
  await Promise.all(servers.splice(0).map((server) => server.kill()));
});

async function startTls(...args: string[]): Promise<RedisProcess> {
  const files = [
    '--tls-cert-file',
    certificatePath('server.pem'),
    '--tls-key-file',
    certificatePath('server-key.pem'),
  ];
  const server = await RedisProcess.startTls(
    ...files,
    '--tls-ca-cert-file',
    certificatePath('ca.pem'),
    ...args,
  );
  servers.push(server);
  return server;
}

const connectTls = ({ port }: RedisProcess, tls: TlsSettings | undefined) =>
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
