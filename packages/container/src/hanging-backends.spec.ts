import { createServer } from 'node:net';
import type { Server, Socket } from 'node:net';
import { setTimeout as delay } from 'node:timers/promises';
import { parseConfig } from '@quantumtrade/dal-config';
import { listen } from '@quantumtrade/dal-testing';
import { composeDatabase } from './compose-database.js';

const servers: Server[] = [];
const sockets = new Set<Socket>();

afterEach(() => {
  for (const socket of sockets) socket.destroy();
  for (const server of servers.splice(0)) server.close();
});

/** Starts a server that accepts connections and answers nothing. */
async function hang(): Promise<string> {
  const server = createServer((socket) => {
    sockets.add(socket.resume().on('error', () => undefined));
  });
  servers.push(server);
  return `127.0.0.1:${await listen(server)}`;
}

it.each([
  ['one server', 1],
  ['several servers', 3],
])(
  'health answers while Redis and %s hang',
  async (_case, count) => {
    const urls = await Promise.all(Array.from({ length: count }, hang));
    const endpoints = urls.map((host) => `{ url = "http://${host}" }`).join(', ');
    const config = parseConfig(
      `[redis]\nurl = "redis://${await hang()}"\n[clickhouse]\nendpoints = [${endpoints}]\ndrain_timeout = 0.01`,
      {},
    );
    const { database, close } = await composeDatabase(config);
    // Three calls, since a probe or a command under way may delay a later one.
    for (let call = 0; call < 3; call++) {
      const health = await Promise.race([database.health(), delay(5_000, 'late' as const)]);
      expect(health).toMatchObject({
        ready: false,
        clickhouseHealthy: false,
        redisHealthy: false,
        schemaVersion: 0,
        degradedBy: expect.arrayContaining([expect.stringMatching(/^the cache does not answer: /)]),
      });
      expect(database.isLive()).toBe(true);
    }
    await close();
  },
  30_000,
);
