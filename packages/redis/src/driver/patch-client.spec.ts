import { once } from 'node:events';
import type { AddressInfo, Server, Socket } from 'node:net';
import { createServer } from 'node:net';
import { jest } from '@jest/globals';
import { Redis } from 'ioredis';
import { batchWrites } from './batch-writes.js';
import { limitHandshake, swallowErrors } from './patch-client.js';

const sockets: Socket[] = [];
let server: Server;
let redis: Redis;
afterEach(() => {
  redis.disconnect();
  server.close();
  for (const socket of sockets.splice(0)) socket.destroy();
});

/** Starts a server and returns its port. */
async function startServer(onConnection: (socket: Socket) => void): Promise<number> {
  server = createServer((socket) => {
    sockets.push(socket.on('error', () => undefined));
    onConnection(socket);
  }).listen(0, '127.0.0.1');
  await once(server, 'listening');
  return (server.address() as AddressInfo).port;
}

/** Connects to a server without keys, and spies on the writes. */
async function connectAndSpy() {
  let cut = '';
  const port = await startServer((socket) =>
    socket.on('data', (chunk) => {
      const texts = `${cut}${String(chunk)}`.split('get');
      cut = texts.at(-1)!.slice(-2);
      for (let n = texts.length - 1; n > 0; n--) socket.write('$-1\r\n');
    }),
  );
  redis = new Redis(port, { enableReadyCheck: false, disableClientInfo: true, lazyConnect: true });
  batchWrites(redis);
  await redis.connect();
  return jest.spyOn(redis.stream as Socket, '_write');
}

it('batchWrites writes the first command immediately and the others together', async () => {
  const sent = await connectAndSpy();
  const calls = ['a', 'b', 'c', 'd'].map((key) => redis.get(key));
  expect(sent).toHaveBeenCalledTimes(1);
  await Promise.all(calls);
  expect(sent).toHaveBeenCalledTimes(2);
  const next = redis.get('e');
  expect(sent).toHaveBeenCalledTimes(3);
  await next;
  expect(sent).toHaveBeenCalledTimes(3);
});

it('batchWrites writes long batches before the turn ends', async () => {
  const sent = await connectAndSpy();
  const calls = Array.from({ length: 100 }, (_, n) => redis.get(`key ${n}`));
  expect(sent).toHaveBeenCalledTimes(3);
  expect(await Promise.all(calls)).toEqual(calls.map(() => null));
  expect(sent).toHaveBeenCalledTimes(4);
});

it('batchWrites keeps the order and drops unsent commands on close', async () => {
  let received = '';
  const port = await startServer((socket) => socket.on('data', (chunk) => (received += String(chunk))));
  redis = new Redis(port, { enableReadyCheck: false, disableClientInfo: true, lazyConnect: true });
  redis.on('error', () => undefined);
  batchWrites(redis);
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

it('limitHandshake reconnects when a connection does not become ready in time', async () => {
  let connections = 0;
  const port = await startServer(() => connections++);
  redis = new Redis(port, {
    lazyConnect: true,
    connectTimeout: 20,
    retryStrategy: () => 1,
    disconnectTimeout: 1,
  });
  redis.on('error', () => undefined);
  limitHandshake(redis);
  redis.connect().catch(() => undefined);
  // `once` of events rejects at an error, which a connection that takes too long is.
  while (connections < 3) await new Promise((resolve) => redis.once('reconnecting', resolve));
});

it('swallowErrors ignores a second error of one socket', async () => {
  const port = await startServer(() => undefined);
  redis = new Redis(port, { enableReadyCheck: false, disableClientInfo: true, lazyConnect: true });
  swallowErrors(redis);
  await redis.connect();
  const { stream } = redis;
  stream.emit('error', new Error('once'));
  expect(() => stream.emit('error', new Error('twice'))).not.toThrow();
});
