import { once } from 'node:events';
import { readFile } from 'node:fs/promises';
import { createServer, type Server } from 'node:https';
import type { AddressInfo } from 'node:net';
import type { TLSSocket } from 'node:tls';
import type { TlsSettings } from '@quantumtrade/dal-runtime';
import { certificatePath } from '@quantumtrade/dal-testing';
import { selectOne } from '../../testing/select-one.js';
import { completeClickHouseSettings } from '../settings.js';
import { HttpDriver } from './http-driver.js';

/** Name in the server's certificate. */
const NAME = 'redis.test';
const ADDRESSES = ['127.0.0.1', '127.0.0.2'];

const pem = (name: string) => readFile(certificatePath(name), 'utf8');

let ca: string;
let port: number;
const servers: Server[] = [];
beforeAll(async () => {
  ca = await pem('ca.pem');
  const [cert, key] = await Promise.all([pem('server.pem'), pem('server-key.pem')]);
  for (const address of ADDRESSES) {
    const server = createServer({ cert, key, ca, requestCert: true, rejectUnauthorized: false });
    server.on('request', (request, response) => {
      const { authorized, localAddress } = request.socket as TLSSocket;
      response.end(JSON.stringify({ authorized, localAddress }));
    });
    await once(server.listen(port ?? 0, address), 'listening');
    ({ port } = server.address() as AddressInfo);
    servers.push(server);
  }
});
afterAll(() => {
  for (const server of servers) {
    server.closeAllConnections();
    server.close();
  }
});

/** Sends a query to the server at an address of the name. Returns what the server says about the connection. */
async function ask(tls: TlsSettings | undefined, address: string | undefined, host = NAME): Promise<unknown> {
  const settings = completeClickHouseSettings({ url: `https://${host}:${port}`, tls });
  const driver = new HttpDriver({ ...settings, address }, 1);
  try {
    const { body } = await selectOne(driver);
    return JSON.parse(Buffer.concat(await body.toArray()).toString()) as unknown;
  } finally {
    await driver.close();
  }
}

it.each(ADDRESSES)('certificate of the server at %s is checked against the name', async (address) => {
  expect(await ask({ ca }, address)).toMatchObject({ authorized: false, localAddress: address });
  await expect(ask({ ca }, address, 'other.test')).rejects.toMatchObject({
    code: 'ERR_TLS_CERT_ALTNAME_INVALID',
  });
});

it('certificate of an unknown authority is refused unless any is accepted', async () => {
  await expect(ask(undefined, ADDRESSES[0])).rejects.toMatchObject({ code: 'SELF_SIGNED_CERT_IN_CHAIN' });
  expect(await ask({ rejectUnauthorized: false }, ADDRESSES[0])).toMatchObject({ authorized: false });
});

it('servername replaces the host that is connected to', async () => {
  expect(await ask({ ca, servername: NAME }, undefined, ADDRESSES[0])).toMatchObject({ authorized: false });
});

it('client presents its certificate', async () => {
  const [cert, key] = await Promise.all([pem('client.pem'), pem('client-key.pem')]);
  expect(await ask({ ca, cert, key }, ADDRESSES[0])).toMatchObject({ authorized: true });
});
