import { readdir, rm } from 'node:fs/promises';
import { join } from 'node:path';
import type { DatabaseAbstraction } from '@quantumtrade/dal';
import { batchOf } from './faults/bars.js';
import { PATIENCE_MS } from './faults/feed.js';
import { KillableServer, RETRY } from './faults/killable-server.js';
import { inspect, NOTHING_WRONG } from './faults/stored.js';

const NUMBERS = [1, 2, 4, 5];

let server: KillableServer;
beforeEach(async () => {
  server = await KillableServer.start();
});
afterEach(() => server.stop());

/** What is left when the engine dies after it has noted a block's token and before its rows are a part of the table. */
async function loseParts(): Promise<number> {
  const store = server.directoryOf('engine/store');
  const parts = (await readdir(store, { recursive: true })).filter((path) => /\/2024\d\d_[\d_]+$/.test(path));
  for (const part of parts) await rm(join(store, part), { recursive: true });
  return parts.length;
}

/** Resolves when the engine has stored a block and noted its token, nobody has been told, and then half of that is lost. */
async function dieHalfWay(): Promise<void> {
  await server.proxy.loseNextAnswer();
  server.proxy.isOutage = true;
  await server.die();
  expect(await loseParts()).toBe(1);
  await server.live();
}

const ways: Record<string, (database: DatabaseAbstraction) => Promise<() => Promise<unknown>>> = {
  'an acknowledged writer': async (database) => {
    const writer = await database.batchWriter({ retry: RETRY });
    const write = writer.write('marketData', batchOf(NUMBERS), { deadline: Date.now() + PATIENCE_MS });
    return () => write;
  },
  'a journaled writer': async (database) => {
    const writer = await database.batchWriter({ retry: RETRY, durability: 'journaled' });
    await writer.write('marketData', batchOf(NUMBERS));
    return () => writer.close({ deadline: Date.now() + PATIENCE_MS });
  },
  'a journaled writer of a process that is gone': async (database) => {
    const writer = await database.batchWriter({ retry: RETRY, durability: 'journaled' });
    await writer.write('marketData', batchOf(NUMBERS));
    return async () => {
      await writer.close({ deadline: 0 }).catch(() => undefined);
      const heir = await database.batchWriter({ retry: RETRY, durability: 'journaled' });
      await heir.close({ deadline: Date.now() + PATIENCE_MS });
    };
  },
  'an insert': (database) => {
    const insert = database.insertMarketData(batchOf(NUMBERS));
    return Promise.resolve(() => insert);
  },
};

it.each(Object.entries(ways))(
  'stores rows of %s that the engine takes for stored, though it died before they were',
  async (_, begin) => {
    const retry = { maxAttempts: 1_000, initialDelayMs: 20, maxDelayMs: 200 };
    const database = server.open('writer', 'acknowledged', { retry });
    const half = dieHalfWay();
    const end = await begin(database);
    await half;
    server.proxy.isOutage = false;
    await end();
    const { stored, ...findings } = await inspect(server, new Set(NUMBERS));
    expect(findings).toEqual(NOTHING_WRONG);
    expect(stored.size).toBe(NUMBERS.length);
  },
);
