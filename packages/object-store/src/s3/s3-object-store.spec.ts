import { once } from 'node:events';
import { createServer, type Server, type ServerResponse } from 'node:http';
import { rejectionOf } from '@quantumtrade/dal-conformance';
import { Secret } from '@quantumtrade/dal-runtime';
import { listen } from '@quantumtrade/dal-testing';
import { S3ObjectStore } from './s3-object-store.js';

/** Answers every request to the service. */
let answer: (response: ServerResponse) => void;
let server: Server;
let endpoint: string;
beforeAll(async () => {
  server = createServer((request, response) => {
    request.resume();
    answer(response);
  });
  endpoint = `http://127.0.0.1:${await listen(server)}`;
});
afterAll(async () => {
  server.closeAllConnections();
  server.close();
  await once(server, 'close');
});

const secrets = { accessKeyId: new Secret('k3y'), secretAccessKey: new Secret('s3cr3t') };

async function failureOfGet(): Promise<unknown> {
  const store = new S3ObjectStore({
    bucket: 'bucket',
    endpoint,
    forcePathStyle: true,
    maxAttempts: 1,
    ...secrets,
  });
  return rejectionOf(() => store.get('a')).finally(() => store.close());
}

it('get refuses bytes that do not match the checksum of the service', async () => {
  answer = (response) => response.writeHead(200, { 'x-amz-checksum-crc32': 'AAAAAA==' }).end('text');
  expect(await failureOfGet()).toMatchObject({ kind: 'OBJECT_DAMAGED', retryable: false });
});

it('a page of a gateway is a passing failure', async () => {
  answer = (response) => response.writeHead(502, { 'content-type': 'text/html' }).end('<html>s3cr3t</html>');
  const failure = await failureOfGet();
  expect(failure).toMatchObject({ code: 'CONNECTION', kind: undefined, retryable: true });
  expect(String(failure)).not.toContain('s3cr3t');
});

it('a service without space is full', async () => {
  answer = (response) => response.writeHead(507).end();
  expect(await failureOfGet()).toMatchObject({ code: 'QUERY', kind: 'STORE_FULL' });
});

it('a redirection to another region is explained', async () => {
  answer = (response) =>
    response
      .writeHead(301, { 'content-type': 'application/xml' })
      .end('<Error><Code>PermanentRedirect</Code></Error>');
  const failure = await failureOfGet();
  expect(failure).toMatchObject({ code: 'QUERY', retryable: false });
  expect(String(failure)).toContain('the bucket is in another region');
});

it('a missing region is explained', async () => {
  const store = new S3ObjectStore({ bucket: 'bucket', maxAttempts: 1, ...secrets });
  const environment = { ...process.env };
  for (const name of ['AWS_REGION', 'AWS_DEFAULT_REGION']) delete process.env[name];
  process.env['AWS_CONFIG_FILE'] = '/nonexistent';
  try {
    await expect(store.get('a')).rejects.toThrow('the region is missing: set it, or AWS_REGION');
  } finally {
    process.env = environment;
  }
  await store.close();
});
