import { once } from 'node:events';
import type { AddressInfo, Server, Socket } from 'node:net';
import { createServer } from 'node:net';
import { Redis } from 'ioredis';
import { AppendNotices } from './append-notices.js';

const sockets: Socket[] = [];
let server: Server;
let client: Redis;
let notices: AppendNotices;
afterEach(async () => {
  client.disconnect();
  server.close();
  for (const socket of sockets.splice(0)) socket.destroy();
  await notices.close();
});

it('AppendNotices reopens a connection that does not become ready in time', async () => {
  server = createServer((socket) => sockets.push(socket.on('error', () => undefined)));
  await once(server.listen(0, '127.0.0.1'), 'listening');
  client = new Redis((server.address() as AddressInfo).port, {
    connectTimeout: 20,
    disconnectTimeout: 1,
    retryStrategy: () => 1,
  });
  client.on('error', () => undefined);
  await once(server, 'connection');
  notices = new AppendNotices(client, '');
  notices.watch(['key'], () => undefined);
  for (let opened = 0; opened < 3; opened++) await once(server, 'connection');
});
