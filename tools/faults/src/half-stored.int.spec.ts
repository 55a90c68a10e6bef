import { readdir, rm } from 'node:fs/promises';
import { join } from 'node:path';
import type { DatabaseAbstraction } from '@quantumtrade/dal';
import { numberedBatch } from './writing/numbered-bars.js';
import { PATIENT_MS } from './writing/checked-writer.js';
import { KillableServer, RETRY } from './writing/killable-server.js';
import { inspectTable, NO_FINDINGS } from './writing/inspect-table.js';

const NUMBERS = [1, 2, 4, 5];

let server: KillableServer;
beforeAll(async () => {
  server = await KillableServer.start();
});
beforeEach(() => server.renew());
afterAll(() => server.stop());

/** Removes the parts of the table, as if the engine had died after it noted a block's token and before it stored the rows. */
async function removeParts(): Promise<number> {
  const store = join(server.engineDirectory, 'store');
  const parts = (await readdir(store, { recursive: true })).filter((path) => /\/2024\d\d_[\d_]+$/.test(path));
  for (const part of parts) await rm(join(store, part), { recursive: true });
  return parts.length;
}

/** Kills the engine after it stored a block whose answer is lost, and removes the rows but not the token. */
async function killHalfWay(): Promise<void> {
  await server.proxy.loseNextAnswer();
  server.proxy.isOutage = true;
  await server.kill();
  expect(await removeParts()).toBe(1);
  await server.restart();
}

const writers: Record<string, (database: DatabaseAbstraction) => Promise<() => Promise<unknown>>> = {
  'an acknowledged writer': async (database) => {
    const writer = await database.batchWriter({ retry: RETRY });
    const write = writer.write('marketData', numberedBatch(NUMBERS), { deadline: Date.now() + PATIENT_MS });
    return () => write;
  },
  'a journaled writer': async (database) => {
    const writer = await database.batchWriter({ retry: RETRY, durability: 'journaled' });
    await writer.write('marketData', numberedBatch(NUMBERS));
    return () => writer.close({ deadline: Date.now() + PATIENT_MS });
  },
  'a journaled writer of an ended process': async (database) => {
    const writer = await database.batchWriter({ retry: RETRY, durability: 'journaled' });
    await writer.write('marketData', numberedBatch(NUMBERS));
    return async () => {
      await writer.close({ deadline: 0 }).catch(() => undefined);
      const heir = await database.batchWriter({ retry: RETRY, durability: 'journaled' });
      await heir.close({ deadline: Date.now() + PATIENT_MS });
    };
  },
  'an insert': (database) => {
    const insert = database.insertMarketData(numberedBatch(NUMBERS));
    return Promise.resolve(() => insert);
  },
};

it.each(Object.entries(writers))(
  'rows of %s are stored although only their token survived',
  async (_, begin) => {
    const retry = { maxAttempts: 1_000, initialDelayMs: 20, maxDelayMs: 200 };
    // The reserve of retries is as large as the number of connections, and the outage takes many.
    const database = server.open('writer', 'acknowledged', { retry, maxConnections: 1_000 });
    const half = killHalfWay();
    const end = await begin(database);
    await half;
    server.proxy.isOutage = false;
    await end();
    const { stored, ...findings } = await inspectTable(server, new Set(NUMBERS));
    expect(findings).toEqual(NO_FINDINGS);
    expect(stored.size).toBe(NUMBERS.length);
  },
);
