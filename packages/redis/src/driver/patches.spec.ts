import { once } from 'node:events';
import type { AddressInfo, Server, Socket } from 'node:net';
import { createServer } from 'node:net';
import { jest } from '@jest/globals';
import { Redis } from 'ioredis';
import { bearErrors, gatherWrites, limitHandshake } from './patches.js';

const sockets: Socket[] = [];
let server: Server;
let redis: Redis;
afterEach(() => {
  redis.disconnect();
  server.close();
  for (const socket of sockets.splice(0)) socket.destroy();
});

/** A server that shows each connection to it. */
async function listening(onConnection: (socket: Socket) => void): Promise<number> {
  server = createServer((socket) => {
    sockets.push(socket.on('error', () => undefined));
    onConnection(socket);
  }).listen(0, '127.0.0.1');
  await once(server, 'listening');
  return (server.address() as AddressInfo).port;
}

/** A connection to a server that has nothing, and what is written on it. */
async function gathering() {
  let cut = '';
  const port = await listening((socket) =>
    socket.on('data', (chunk) => {
      const texts = `${cut}${String(chunk)}`.split('get');
      cut = texts.at(-1)!.slice(-2);
      for (let n = texts.length - 1; n > 0; n--) socket.write('$-1\r\n');
    }),
  );
  redis = new Redis(port, { enableReadyCheck: false, disableClientInfo: true, lazyConnect: true });
  gatherWrites(redis);
  await redis.connect();
  return jest.spyOn(redis.stream as Socket, '_write');
}

it('writes the first command of a turn at once, and the others together', async () => {
  const sent = await gathering();
  const calls = ['a', 'b', 'c', 'd'].map((key) => redis.get(key));
  expect(sent).toHaveBeenCalledTimes(1);
  await Promise.all(calls);
  expect(sent).toHaveBeenCalledTimes(2);
  const next = redis.get('e');
  expect(sent).toHaveBeenCalledTimes(3);
  await next;
  expect(sent).toHaveBeenCalledTimes(3);
});

it('lets the server go on with many commands while others are being composed', async () => {
  const sent = await gathering();
  const calls = Array.from({ length: 100 }, (_, n) => redis.get(`key ${n}`));
  expect(sent).toHaveBeenCalledTimes(3);
  expect(await Promise.all(calls)).toEqual(calls.map(() => null));
  expect(sent).toHaveBeenCalledTimes(4);
});

it('keeps the order of what is gathered and what is not text, and sends nothing once the connection has ended', async () => {
  let received = '';
  const port = await listening((socket) => socket.on('data', (chunk) => (received += String(chunk))));
  redis = new Redis(port, { enableReadyCheck: false, disableClientInfo: true, lazyConnect: true });
  redis.on('error', () => undefined);
  gatherWrites(redis);
  await redis.connect();
  const calls = [redis.get('a'), redis.get(Buffer.from('b')), redis.get('c')];
  while (!received.includes('c\r\n')) await new Promise((resolve) => setTimeout(resolve, 1));
  expect(received.split('\r\n').filter((word) => /^[abc]$/.test(word))).toEqual(['a', 'b', 'c']);
  const late = [redis.get('d'), redis.get('e')];
  redis.disconnect();
  for (const outcome of await Promise.allSettled([...calls, ...late])) {
    expect(outcome.status).toBe('rejected');
  }
  expect(received).not.toContain('e\r\n');
});

it('gives up a connection that does not get ready, and opens another', async () => {
  let connections = 0;
  const port = await listening(() => connections++);
  redis = new Redis(port, {
    lazyConnect: true,
    connectTimeout: 20,
    retryStrategy: () => 1,
    disconnectTimeout: 1,
  });
  redis.on('error', () => undefined);
  limitHandshake(redis);
  redis.connect().catch(() => undefined);
  while (connections < 3) await once(redis, 'reconnecting');
});

it('takes a second error of one socket as well as the first', async () => {
  const port = await listening(() => undefined);
  redis = new Redis(port, { enableReadyCheck: false, disableClientInfo: true, lazyConnect: true });
  bearErrors(redis);
  await redis.connect();
  const { stream } = redis;
  stream.emit('error', new Error('once'));
  expect(() => stream.emit('error', new Error('twice'))).not.toThrow();
});
