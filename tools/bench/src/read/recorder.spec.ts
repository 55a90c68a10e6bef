import { once } from 'node:events';
import http from 'node:http';
import type { AddressInfo } from 'node:net';
import { largest, receiveAndDrop, recordRequests } from './recorder.js';

let server: http.Server;
let url: string;
let received: { path: string; body: string; header: unknown }[];
let status: number;

beforeEach(async () => {
  received = [];
  status = 200;
  server = http.createServer((request, response) => {
    const chunks: Buffer[] = [];
    request.on('data', (chunk: Buffer) => chunks.push(chunk));
    request.on('end', () => {
      const body = Buffer.concat(chunks).toString();
      received.push({ path: request.url!, body, header: request.headers['x-clickhouse-database'] });
      response.writeHead(status, { 'x-answered': 'yes' });
      response.end(body.repeat(10));
    });
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  url = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
});

afterEach(() => {
  server.closeAllConnections();
  server.close();
});

const ask = async (address: string, body: string): Promise<Response> =>
  fetch(`${address}/?query_id=${body}&limit=0`, {
    method: 'POST',
    body,
    headers: { 'x-clickhouse-database': 'bars' },
  });

it('records requests and passes their answers on unchanged', async () => {
  const recorded = await recordRequests(url, async (address) => {
    const answer = await ask(address, 'ab');
    expect(answer.headers.get('x-answered')).toBe('yes');
    expect(await answer.text()).toBe('ab'.repeat(10));
    await (await ask(address, 'abc')).text();
  });
  expect(recorded.map(({ path, answerBytes }) => [path, answerBytes])).toEqual([
    ['/?query_id=ab&limit=0', 20],
    ['/?query_id=abc&limit=0', 30],
  ]);
  expect(largest(recorded)).toBe(recorded[1]);
});

it('sends a recorded request again without its id', async () => {
  const [request] = await recordRequests(
    url,
    async (address) => void (await (await ask(address, 'ab')).text()),
  );
  const agent = new http.Agent();
  expect(await receiveAndDrop(url, request!, agent)).toBe(20);
  expect(received[1]).toEqual({ ...received[0], path: '/?limit=0' });
  status = 500;
  await expect(receiveAndDrop(url, request!, agent)).rejects.toThrow('was answered with 500');
});
