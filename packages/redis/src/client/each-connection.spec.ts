import { once } from 'node:events';
import type { AddressInfo, Server, Socket } from 'node:net';
import { createServer } from 'node:net';
import { Redis } from 'ioredis';
import { gatherWrites, limitHandshake } from './each-connection.js';

const sockets: Socket[] = [];
let server: Server;
afterEach(() => {
  server.close();
  for (const socket of sockets.splice(0)) socket.destroy();
});

/** A server that shows what each connection to it sends, chunk by chunk. */
async function listening(onConnection: (socket: Socket) => void): Promise<number> {
  server = createServer((socket) => {
    sockets.push(socket.on('error', () => undefined));
    onConnection(socket);
  }).listen(0, '127.0.0.1');
  await once(server, 'listening');
  return (server.address() as AddressInfo).port;
}

it('sends the commands of one turn in one piece, and those of the next in another', async () => {
  const chunks: string[] = [];
  const port = await listening((socket) =>
    socket.on('data', (chunk) => {
      chunks.push(String(chunk));
      for (let n = String(chunk).split('get').length - 1; n > 0; n--) socket.write('$-1\r\n');
    }),
  );
  const redis = new Redis(port, { enableReadyCheck: false, disableClientInfo: true, lazyConnect: true });
  gatherWrites(redis);
  await redis.connect();
  await Promise.all(['a', 'b', 'c'].map((key) => redis.get(key)));
  await redis.get('d');
  expect(chunks.map((chunk) => chunk.match(/get/g)!.length)).toEqual([3, 1]);
  redis.disconnect();
});

it('gives up a connection that does not get ready, and opens another', async () => {
  let connections = 0;
  const port = await listening(() => connections++);
  const redis = new Redis(port, { lazyConnect: true, retryStrategy: () => 1, disconnectTimeout: 1 });
  redis.on('error', () => undefined);
  limitHandshake(redis, 20);
  redis.connect().catch(() => undefined);
  while (connections < 3) await once(redis, 'reconnecting');
  redis.disconnect();
});
