import { createServer, type Server } from 'node:http';
import { text } from 'node:stream/consumers';
import { listen } from '../listen.js';
import { HttpFaultProxy } from './http-fault-proxy.js';

let server: Server;
let proxy: HttpFaultProxy;
let requests: { url: string; body: string; authorization: string | undefined }[];

beforeEach(async () => {
  requests = [];
  server = createServer(async (request, response) => {
    requests.push({
      url: request.url!,
      body: await text(request),
      authorization: request.headers.authorization,
    });
    response.writeHead(201, { 'x-answer': 'yes' }).end('answer');
  });
  proxy = await HttpFaultProxy.start({ url: `http://127.0.0.1:${await listen(server)}` });
});
afterEach(async () => {
  await proxy.stop();
  server.closeAllConnections();
  server.close();
});

const insert = (body = 'rows') => fetch(`${proxy.url}/?query=INSERT`, { method: 'POST', body });

it('HTTP proxy forwards requests and answers', async () => {
  const response = await insert();
  expect([response.status, response.headers.get('x-answer'), await response.text()]).toEqual([
    201,
    'yes',
    'answer',
  ]);
  expect(requests).toEqual([{ url: '/?query=INSERT', body: 'rows', authorization: undefined }]);
  expect(proxy.insertCount).toBe(1);
});

it('HTTP proxy adds the profile and the credentials of its target', async () => {
  proxy.profile = 'limit=5';
  proxy.target = { ...proxy.target!, username: 'u', password: 'p' };
  await insert();
  expect(requests[0]).toMatchObject({ url: '/?limit=5&query=INSERT', authorization: 'Basic dTpw' });
});

it('HTTP proxy resets clients while the server is unreachable', async () => {
  proxy.isOutage = true;
  await expect(insert()).rejects.toThrow();
  expect(requests).toEqual([]);
});

it('HTTP proxy loses the answer of an insert that was stored', async () => {
  const lost = proxy.loseNextAnswer();
  await expect(insert()).rejects.toThrow();
  await lost;
  expect(requests).toHaveLength(1);
  expect((await insert()).status).toBe(201);
});

it('HTTP proxy answers inserts in place of the server', async () => {
  proxy.gatewayStatus = (bytes) => (bytes > 4 ? 413 : undefined);
  expect((await insert('too large')).status).toBe(413);
  expect((await insert()).status).toBe(201);
  expect(proxy.insertCount).toBe(1);
});

it('HTTP proxy holds requests up until it resumes', async () => {
  proxy.stall();
  const pending = insert();
  const sent = proxy.nextInsert();
  expect(requests).toEqual([]);
  proxy.resume();
  await sent;
  expect((await pending).status).toBe(201);
  await proxy.idle();
});
