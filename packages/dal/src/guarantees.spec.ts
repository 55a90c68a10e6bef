import type { TableGuarantees } from '@quantumtrade/dal-domain';
import { ConnectionError, QueryError, tableGuarantees } from '@quantumtrade/dal-domain';
import { openJournal } from '@quantumtrade/dal-journal';
import {
  ManualClock,
  memoryCacheBackend,
  memoryDeadLetters,
  memoryTimeSeries,
} from '@quantumtrade/dal-memory';
import { Random, SimulatedDisk, turn } from '@quantumtrade/dal-testing';
import { bars, storedSymbols } from '@quantumtrade/dal-testing/records';
import { DatabaseAbstraction } from './database-abstraction.js';

const remembers = { blocks: 0, seconds: null };
const WHOLE = [tableGuarantees('market_data', { remembers, reasons: { synced: 'fsync is off' } })];
const FLAWED = [...WHOLE, tableGuarantees('features', { remembers, reasons: { idempotent: 'window is 0' } })];
const away = new ConnectionError('away', { operation: 'guarantees.inspect' });
const fails = (error: Error) => () => Promise.reject(error);
const finds = (tables: TableGuarantees[]) => () => Promise.resolve(tables);

/** Opens a data layer whose store reports the guarantees that the test sets. */
function openWith(inspect: () => Promise<TableGuarantees[]>) {
  const clock = new ManualClock(0);
  const timers = new ManualClock();
  const disk = new SimulatedDisk(new Random(1));
  const memory = memoryTimeSeries();
  const deadLetters = memoryDeadLetters();
  const store = { inspect, ping: () => Promise.resolve(), inspections: 0 };
  const journal = () => openJournal({ directory: '/journal', fs: disk.fs, clock: timers });
  const database = new DatabaseAbstraction({
    timeSeries: {
      ...memory,
      guarantees: {
        inspect: () => {
          store.inspections++;
          return store.inspect();
        },
      },
      probe: { ...memory.probe, ping: () => store.ping() },
    },
    cache: memoryCacheBackend(),
    clock,
    writing: {
      storage: {
        deadLetters,
        openJournal: async (durability) => (durability === 'journaled' ? journal() : undefined),
      },
    },
  });
  const pass = async (milliseconds: number) => {
    await turn();
    timers.advance(milliseconds);
    await turn();
  };
  return { database, store, clock, timers, journal, deadLetters, pass, stored: () => storedSymbols(memory) };
}

describe('a batch writer', () => {
  it('a journaled writer is refused when a table may count rows twice', async () => {
    const { database, journal } = openWith(finds(FLAWED));
    await expect(database.batchWriter({ durability: 'journaled' })).rejects.toMatchObject({
      code: 'VALIDATION',
      field: 'requires',
      message: expect.stringMatching(/keep what is required: features is not idempotent: window is 0$/),
    });
    await (await journal()).close();
    await database.close();
  });

  it('a journaled writer is refused before the schema is initialized', async () => {
    const { database } = openWith(finds([tableGuarantees('market_data', undefined)]));
    await expect(database.batchWriter({ durability: 'journaled' })).rejects.toThrow(
      /the schema is not initialized: there is no market_data/,
    );
    await database.close();
  });

  it('a writer without a journal accepts any table unless it requires more', async () => {
    const { database, store } = openWith(finds(FLAWED));
    await database.batchWriter();
    expect(store.inspections).toBe(0);
    await expect(database.batchWriter({ requires: ['synced'] })).rejects.toThrow(
      /market_data is not synced: fsync is off$/,
    );
    await database.close();
  });

  it('a writer requires the guarantees of its caller, also none', async () => {
    const { database } = openWith(finds(FLAWED));
    const writer = await database.batchWriter({ durability: 'journaled', requires: [] });
    await writer.close();
    await database.close();
  });

  it('a writer is refused when the store refuses the inspection', async () => {
    const refused = new ConnectionError('login', { operation: 'guarantees.inspect', retryable: false });
    const { database } = openWith(fails(refused));
    await expect(database.batchWriter({ durability: 'journaled' })).rejects.toBe(refused);
    await database.close();
  });

  it('a writer opens during an outage and stores only after inspection', async () => {
    const { database, store, timers, pass, stored } = openWith(fails(away));
    const writer = await database.batchWriter({ durability: 'journaled', clock: timers, maxAgeMs: 0 });
    const write = writer.write('marketData', bars(['A']));
    await pass(1);
    expect(await write).toMatchObject({ acceptedCount: 1, durability: 'journaled' });
    expect([await stored(), writer.progress().journaledBlocks]).toEqual([[], 1]);
    store.inspect = finds(WHOLE);
    for (let i = 0; i < 20 && writer.progress().journaledBlocks > 0; i++) await pass(10_000);
    expect(await stored()).toEqual(['A']);
    const { inspections } = store;
    const second = writer.write('marketData', bars(['B']));
    await pass(1);
    await second;
    for (let i = 0; i < 20 && writer.progress().journaledBlocks > 0; i++) await pass(10_000);
    expect([await stored(), store.inspections]).toEqual([['A', 'B'], inspections]);
    await database.close();
  });

  it('a writer keeps journaled rows when guarantees are missing after an outage', async () => {
    const { database, store, timers, pass, stored, deadLetters } = openWith(fails(away));
    const delays: unknown[] = [];
    const writer = await database.batchWriter({
      durability: 'journaled',
      clock: timers,
      maxAgeMs: 0,
      onEvent: (event) => event.type === 'delivery-paused' && delays.push(event.error),
    });
    store.inspect = finds(FLAWED);
    const write = writer.write('marketData', bars(['A']));
    await pass(1);
    await write;
    for (let i = 0; i < 5; i++) await pass(10_000);
    expect([await stored(), await deadLetters.list()]).toEqual([[], []]);
    expect(writer.progress().journaledBlocks).toBe(1);
    expect(delays.at(-1)).toMatchObject({
      code: 'CONNECTION',
      retryable: false,
      message: expect.stringContaining('features is not idempotent: window is 0'),
    });
    expect((await database.health()).pausedDeliveries).toEqual([
      { journaledBlocks: 1, reason: expect.stringContaining('features is not idempotent') },
    ]);
    store.inspect = finds(WHOLE);
    for (let i = 0; i < 20 && writer.progress().journaledBlocks > 0; i++) await pass(10_000);
    expect(await stored()).toEqual(['A']);
    expect((await database.health()).pausedDeliveries).toBeUndefined();
    await database.close();
  });

  it('a writer keeps its blocks when the store refuses the inspection', async () => {
    const { database, store, timers, pass, stored, deadLetters } = openWith(fails(away));
    const writer = await database.batchWriter({ durability: 'journaled', clock: timers, maxAgeMs: 0 });
    store.inspect = fails(new QueryError('q', 'not enough privileges', { operation: 'guarantees.inspect' }));
    const write = writer.write('marketData', bars(['A']));
    for (let i = 0; i < 3; i++) await pass(10_000);
    expect(await write).toMatchObject({ acceptedCount: 1 });
    expect([await stored(), await deadLetters.list()]).toEqual([[], []]);
    expect(writer.progress()).toMatchObject({
      journaledBlocks: 1,
      deliveryPausedBy: expect.stringContaining('not enough privileges'),
    });
    store.inspect = finds(WHOLE);
    for (let i = 0; i < 20 && writer.progress().journaledBlocks > 0; i++) await pass(10_000);
    expect(await stored()).toEqual(['A']);
    await database.close();
  });
});

describe('health', () => {
  it('health reports guarantees, inspected once a minute', async () => {
    const { database, store, clock } = openWith(finds(WHOLE));
    expect((await database.health()).guarantees).toEqual(WHOLE);
    store.inspect = finds(FLAWED);
    clock.advance(59_999);
    expect((await database.health()).guarantees).toEqual(WHOLE);
    clock.advance(1);
    expect((await database.health()).guarantees).toEqual(FLAWED);
    expect(store.inspections).toBe(2);
  });

  it('health inspects guarantees again after an outage', async () => {
    const { database, store } = openWith(finds(WHOLE));
    await database.health();
    store.ping = fails(away);
    expect(await database.health()).toMatchObject({
      clickhouseHealthy: false,
      clickhouseError: away.message,
      guarantees: null,
    });
    store.ping = () => Promise.resolve();
    store.inspect = finds(FLAWED);
    expect((await database.health()).guarantees).toEqual(FLAWED);
  });

  it('health reports null guarantees when the inspection is refused', async () => {
    const { database } = openWith(fails(away));
    expect(await database.health()).toMatchObject({ clickhouseHealthy: true, guarantees: null });
  });
});
