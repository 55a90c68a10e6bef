import type { BatchWriter, DatabaseAbstraction } from '@quantumtrade/dal';
import { parseConfig } from '@quantumtrade/dal-config';
import type { BatchResult } from '@quantumtrade/dal-domain';
import fc from 'fast-check';
import type { ContainerModule } from 'inversify';
import { buildRow } from '@quantumtrade/dal-testing/records';
import { clickHouseRedisModule, memoryModule } from './modules.js';
import { openDatabase } from './open-database.js';

const START = Date.UTC(2025, 0, 1);
const DAY = 86_400_000;
const KEYS = [0, 1, 2];
const seed = Number(process.env['QT_SEED'] ?? Math.floor(Math.random() * 2 ** 31));

interface Write {
  readonly way: 'insert' | 'writer' | 'transaction';
  readonly keys: readonly number[];
  /** Time of the batch, in milliseconds from the run's start; undefined for a batch without a time. */
  readonly dated: number | undefined;
  /** Number of rows of other keys before these. */
  readonly fillers: number;
  readonly awaited: boolean;
}

const write: fc.Arbitrary<Write> = fc.record({
  way: fc.constantFrom('insert', 'writer', 'transaction'),
  keys: fc.subarray(KEYS, { minLength: 1 }),
  dated: fc.constantFrom(undefined, undefined, -1, 0, 1, 2, 60_000),
  fillers: fc.constantFrom(0, 1, 1_500),
  awaited: fc.boolean(),
});
/** Milliseconds by which the clock is moved. */
const move = fc.record({ by: fc.constantFrom(-3_600_000, -1, 1, 2) });
type Step = Write | { readonly by: number };
const sequencesOf = (writes: fc.Arbitrary<Write>): fc.Arbitrary<Step[]> =>
  fc.array(
    fc.oneof<fc.WeightedArbitrary<Step>[]>({ weight: 5, arbitrary: writes }, { weight: 1, arbitrary: move }),
    {
      minLength: 2,
      maxLength: 16,
    },
  );
/** Counts of superseded rows are exact when all writes are inserts, or when each write is awaited. */
const inserts = write.map((each): Write => ({ ...each, way: 'insert' }));
const awaitedWrites = write.map((each): Write => ({ ...each, awaited: true }));
const sequences = fc.oneof(sequencesOf(write), sequencesOf(inserts), sequencesOf(awaitedWrites));

/** Predicts the winning write of each key: the later millisecond wins, of equals the later call. */
class Expected {
  #newest = -Infinity;
  readonly #winners = new Map<number, { readonly ms: number; readonly value: number }>();

  /** Returns the number of keys that lose to an earlier write. */
  write(keys: readonly number[], dated: number | undefined, now: number, value: number): number {
    const ms = dated ?? Math.max(now, this.#newest);
    this.#newest = Math.max(this.#newest, ms);
    const lost = keys.filter((key) => (this.#winners.get(key)?.ms ?? ms) > ms);
    for (const key of keys) if (!lost.includes(key)) this.#winners.set(key, { ms, value });
    return lost.length;
  }

  values(): [key: number, value: number][] {
    return KEYS.flatMap((key) => {
      const winner = this.#winners.get(key);
      return winner ? [[key, winner.value]] : [];
    });
  }
}

const bar = (symbol: string, timestamp: number, close: number) =>
  buildRow('marketData', { symbol, timestamp, close });

let runs = 0;

async function run(database: DatabaseAbstraction, clock: { time: number }, sequence: readonly Step[]) {
  const name = `V${process.pid}-${++runs}`;
  const start = START + runs * DAY;
  clock.time = start;
  const writers = await Promise.all([0, 1].map(() => database.batchWriter({ maxAgeMs: 0, maxRows: 2 })));
  const expected = new Expected();
  const supersededCounts: number[] = [];
  const written: Promise<unknown>[] = [];
  for (const [n, step] of sequence.entries()) {
    if ('by' in step) {
      clock.time += step.by;
      continue;
    }
    const dated = step.dated === undefined ? undefined : start + step.dated;
    supersededCounts.push(expected.write(step.keys, dated, clock.time, n));
    const records = Array.from({ length: step.fillers }, (_, i) =>
      bar(`${name}-filler`, START + n * DAY + i, n),
    );
    records.push(...step.keys.map((key) => bar(`${name}-${key}`, START, n)));
    const batch = { source: 'test', records, ...(dated !== undefined && { timestamp: dated }) };
    const call = perform(database, writers[n % 2]!, step.way, batch);
    written.push(call);
    if (step.awaited || step.way === 'transaction') await call;
  }
  const results = await Promise.all(written);
  await Promise.all(writers.map((writer) => writer.close()));
  const found = await Promise.all(
    KEYS.map(async (key) => {
      const { data } = await database.getMarketData({ symbol: `${name}-${key}` });
      return data.map(({ close }) => [key, close] as const);
    }),
  );
  expect(found.flat()).toEqual(expected.values());
  const writes = sequence.filter((step): step is Write => !('by' in step));
  const areInserts = writes.every(({ way }) => way === 'insert');
  if (areInserts || writes.every(({ awaited }) => awaited)) {
    const receipts = results as Pick<BatchResult, 'supersededCount'>[];
    expect(receipts.map(({ supersededCount }) => supersededCount)).toEqual(supersededCounts);
  }
  if (!areInserts) return;
  const counts = results as BatchResult[];
  const fillers = writes.reduce((sum, each) => sum + each.fillers, 0);
  const inserted = counts.reduce((sum, { insertedCount }) => sum + insertedCount, 0);
  expect(inserted).toBe(fillers + expected.values().length);
}

/** Writes a batch, and changes it as soon as a caller may. */
function perform(
  database: DatabaseAbstraction,
  writer: BatchWriter,
  way: Write['way'],
  batch: { records: ReturnType<typeof bar>[]; source: string },
): Promise<unknown> {
  const change = () => {
    for (const record of batch.records) Object.assign(record, { close: 999, symbol: 'changed' });
    batch.records.length = 0;
  };
  if (way === 'transaction') {
    return database.transaction((tx) => {
      tx.insertMarketData(batch);
      change();
    });
  }
  const call = way === 'insert' ? database.insertMarketData(batch) : writer.write('marketData', batch);
  change();
  return call;
}

async function test(module: ContainerModule, runsByDefault: number): Promise<void> {
  const clock = { time: START, now: () => clock.time };
  const { database, close } = await openDatabase(module, { clock });
  try {
    await database.initializeSchema();
    await fc.assert(
      fc.asyncProperty(sequences, (sequence) => run(database, clock, sequence)),
      { numRuns: Number(process.env['QT_RUNS'] ?? runsByDefault), seed, interruptAfterTimeLimit: 40_000 },
    );
  } finally {
    await close();
  }
}

const database = `versions_${process.pid}`;
const servers = () =>
  clickHouseRedisModule(
    parseConfig(
      `[clickhouse]\nurl = "${process.env['CLICKHOUSE_URL']}"\ndatabase = "${database}"\n
       [redis]\nurl = "${process.env['REDIS_URL']}"\nkey_prefix = "${database}:"
       [writer]\nmax_future_skew = 86400`,
      {},
    ),
  );

describe(`the write called last or dated last wins (QT_SEED=${seed})`, () => {
  it('in memory', () => test(memoryModule({ writer: { maxFutureSkewMs: DAY } }), 30), 60_000);
  it('on servers', () => test(servers(), 10), 60_000);
});
