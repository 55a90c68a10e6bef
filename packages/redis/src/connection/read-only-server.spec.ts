import type { RedisCommands } from '../commands/redis-commands.js';
import { ScriptedRedis } from '../testing/scripted-redis.js';
import { completeRedisSettings, endpointOf } from './complete-settings.js';
import { Connection } from './connection.js';
import { createClients } from './create-clients.js';

let server: ScriptedRedis;
let connection: Connection;
let now: number;
beforeEach(async () => {
  now = 0;
  server = await ScriptedRedis.start();
  const settings = { url: server.url };
  const clients = createClients(completeRedisSettings(settings), endpointOf(settings), []);
  connection = new Connection(clients, { commandTimeoutMs: 600_000, time: { now: () => now } });
  await connection.ping();
});
afterEach(async () => {
  await connection.close();
  server.stop();
});

const READ_ONLY = "-READONLY You can't write against a read only replica.\r\n";

const write = () =>
  connection.run('test', undefined, (redis: RedisCommands) => redis.set('key', '1', 'PX', 1));

/** Writes until the server has answered a write. */
async function writeToServer(): Promise<unknown> {
  for (;;) {
    const outcome = await write().catch((error: unknown) => error);
    if ((outcome as { code?: string }).code !== 'CONNECTION') return outcome;
    await new Promise((resolve) => setTimeout(resolve, 5));
  }
}

it('read-only server is left for the one that has taken over', async () => {
  server.reply = ([command]) =>
    command === 'set' ? (server.connections === 1 ? READ_ONLY : '+OK\r\n') : undefined;
  await expect(write()).rejects.toMatchObject({ code: 'CACHE', retryable: true });
  expect(await writeToServer()).toBe('OK');
  expect(server.connections).toBe(2);
});

it('lasting read-only server is left once a second', async () => {
  server.reply = ([command]) => (command === 'set' ? READ_ONLY : undefined);
  for (const time of [0, 999, 1_000, 1_001, 1_999, 2_000]) {
    now = time;
    for (let i = 0; i < 5; i++) expect(await writeToServer()).toMatchObject({ code: 'CACHE' });
  }
  expect(await writeToServer()).toMatchObject({ code: 'CACHE' });
  expect(server.connections).toBe(4);
});
