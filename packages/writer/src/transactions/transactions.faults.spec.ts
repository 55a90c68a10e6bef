import { deserialize } from 'node:v8';
import type { BlockWriter, Cache, PreparedRow, TransactionLog } from '@quantumtrade/dal-domain';
import { anyValue, CacheError, ConnectionError } from '@quantumtrade/dal-domain';
import { openJournal } from '@quantumtrade/dal-journal';
import { ManualClock } from '@quantumtrade/dal-runtime';
import { memoryCacheBackend, memoryTimeSeries } from '@quantumtrade/dal-memory';
import { Random, seeds, SimulatedDisk, turn } from '@quantumtrade/dal-testing';
import { buildRow } from '@quantumtrade/dal-testing/records';
import { MONTH_MS } from '@quantumtrade/dal-testing/records';
import { transactionCache } from '../testing/transaction-cache.js';
import { TransactionError } from './transaction-error.js';
import { decodeTransaction } from './transaction-record.js';
import { Transactions } from './transactions.js';

const timeSource = { now: () => 0 };
const values = buildRow('marketData');
const symbolOf = (transaction: number) => `T${transaction}`;

/** Outcome of a transaction for its caller; undefined when the process ended before. */
type Outcome = 'applied' | { readonly error: unknown } | undefined;

/** Disk, store and cache, which outlive a process, and the history of all transactions. */
class TransactionSimulation {
  readonly random: Random;
  /** Decides when callers give up; differs for each crash point, so that both meet in many ways. */
  readonly patience: Random;
  readonly disk: SimulatedDisk;
  readonly timeSeries = memoryTimeSeries({ clock: timeSource });
  readonly backend = memoryCacheBackend({ clock: timeSource });
  readonly cache = this.backend.cache;
  /** Stored blocks in the order of their first writes, with their transaction and bytes. */
  readonly stored = new Map<string, { transaction: number; rowCount: number; bytes: Buffer }>();
  readonly committing: number[] = [];
  readonly outcomes: Outcome[] = [];
  steps = 0;

  constructor(seed: number, crashAt: number) {
    this.patience = new Random(seed + 7919 * (Number.isFinite(crashAt) ? crashAt : -1));
    this.random = new Random(seed);
    this.disk = new SimulatedDisk(this.random);
  }

  /** Sets the cache keys that a transaction changes. */
  async prepare(transaction: number): Promise<void> {
    await this.cache.set(`market:${symbolOf(transaction)}:latest`, 'old', 1000);
    await this.cache.set(`gone:${transaction}`, 'old', 1000);
  }

  take(id: string, rowCount: number, bytes: Uint8Array): void {
    const known = this.stored.get(id);
    if (known && !known.bytes.equals(bytes)) throw new Error('a block came again with other bytes');
    const [first] = deserialize(bytes) as PreparedRow[];
    const transaction = Number((first!.row['symbol'] as string).slice(1));
    if (!known) this.stored.set(id, { transaction, rowCount, bytes: Buffer.from(bytes) });
  }
}

/** A process that opens the log of its predecessor. Nothing that it does after its last step has an effect. */
class DataLayerProcess {
  readonly clock = new ManualClock();
  readonly #simulation: TransactionSimulation;
  #stepsLeft: number;
  readonly #callbacks = new Map<number, () => void>();
  isAlive = true;
  transactions!: Transactions;

  constructor(simulation: TransactionSimulation, steps: number) {
    this.#simulation = simulation;
    this.#stepsLeft = steps;
  }

  async open(): Promise<void> {
    const { disk, cache, timeSeries } = this.#simulation;
    disk.onOperation = () => {
      if (!this.#step()) disk.operationsLeft = 0;
    };
    const opening = openJournal({ directory: '/log', fs: disk.fs, clock: this.clock });
    const log = this.#watch(await this.#unlessDead(opening));
    const logs = { open: async () => log, openLeftOver: async () => log };
    this.transactions = new Transactions(logs, {
      blocks: this.#faulty(timeSeries.blocks),
      cache: transactionCache(this.#faultyCache(cache)),
      timeSource,
      clock: this.clock,
      retry: { random: () => 0.5, maxDelayMs: 200 },
    });
    await turn();
  }

  /** Advances the clock until the condition holds or the process is dead. */
  async until(isDone: () => boolean): Promise<void> {
    for (let turns = 0; this.isAlive && !isDone(); turns++) {
      if (turns > 5_000) throw new Error('nothing happens any more');
      await turn();
      this.clock.advance(10);
    }
  }

  onStep(step: number, callback: () => void): void {
    this.#callbacks.set(this.#simulation.steps + step, callback);
  }

  #step(): boolean {
    if (this.isAlive) this.#callbacks.get(this.#simulation.steps++)?.();
    if (this.#stepsLeft-- <= 0) this.isAlive = false;
    return this.isAlive;
  }

  /** Runs a call that may fail. A call of a dead process never settles. */
  async #between<T>(run: () => Promise<T>, fail: () => Error): Promise<T> {
    const { random } = this.#simulation;
    const gone = () => new Promise<never>(() => undefined);
    if (!this.#step()) return gone();
    if (random.chance(0.1)) throw fail();
    const result = await run();
    if (!this.#step()) return gone();
    if (random.chance(0.1)) throw fail();
    return result;
  }

  async #unlessDead<T>(promise: Promise<T>): Promise<T> {
    return promise.catch((error: unknown) => {
      if (!this.isAlive) throw new Died();
      throw error;
    });
  }

  #faulty(blocks: BlockWriter): BlockWriter {
    return {
      collect: (record) => blocks.collect(record),
      write: (block, options) =>
        this.#between(
          async () => {
            const receipt = await blocks.write(block, options);
            this.#simulation.take(block.id, block.rowCount, block.bytes);
            return receipt;
          },
          () => new ConnectionError('cut', { operation: 'test' }),
        ),
    };
  }

  #faultyCache(cache: Cache): Cache {
    const fail = () => new CacheError('cut', { operation: 'test' });
    return Object.assign(Object.create(cache) as Cache, {
      set: (key: string, value: unknown, ttl: number) =>
        this.#between(() => cache.set(key, value, ttl), fail),
      delete: (key: string) => this.#between(() => cache.delete(key), fail),
      // A cached value that cannot be cleared stays, as after any insert.
      deleteMany: (keys: string[]) =>
        this.isAlive ? cache.deleteMany(keys) : this.#between(() => cache.deleteMany(keys), fail),
    });
  }

  #watch(log: TransactionLog): TransactionLog {
    return {
      append: (id, payload, options) => {
        const { cacheChanges } = decodeTransaction(Buffer.concat(payload));
        this.#simulation.committing.push(Number(cacheChanges[0]!.key.split(':')[1]));
        return log.append(id, payload, options);
      },
      read: (options) => log.read(options),
      advance: (position) => log.advance(position),
      stats: () => log.stats(),
      close: () => log.close(),
    };
  }
}

class Died extends Error {}

async function run(seed: number, crashAt: number): Promise<TransactionSimulation> {
  const simulation = new TransactionSimulation(seed, crashAt);
  const process = new DataLayerProcess(simulation, crashAt);
  const count = 1 + simulation.random.below(4);
  for (let transaction = 0; transaction < count; transaction++) await simulation.prepare(transaction);
  await runOpened(process, async () => {
    for (let transaction = 0; transaction < count; transaction++) begin(simulation, process, transaction);
    await process.until(() => simulation.outcomes.filter(Boolean).length === count && settled(process));
  });
  const steps = simulation.steps;
  // The process after it may end anywhere, too.
  for (const stepsLeft of [simulation.random.below(2 * steps), Infinity]) {
    if (simulation.random.chance(0.5)) simulation.disk.crash();
    else simulation.disk.kill();
    const next = new DataLayerProcess(simulation, stepsLeft);
    await runOpened(next, () => next.until(() => settled(next)));
  }
  simulation.steps = steps;
  await verify(simulation, count);
  return simulation;
}

async function runOpened(process: DataLayerProcess, work: () => Promise<void>): Promise<void> {
  try {
    await process.open();
    await work();
  } catch (error) {
    if (!(error instanceof Died)) throw error;
  }
}

const settled = ({ transactions }: DataLayerProcess) => transactions.state.pending === 0;

function begin(simulation: TransactionSimulation, process: DataLayerProcess, transaction: number): void {
  const { random } = simulation;
  const symbol = symbolOf(transaction);
  const isWrong = random.chance(0.1);
  const pauses = random.below(4);
  const controller = new AbortController();
  if (random.chance(0.4)) {
    process.onStep(simulation.patience.below(25), () => controller.abort(new Error('gave up')));
  }
  const report = (outcome: Outcome) => {
    if (process.isAlive) simulation.outcomes[transaction] = outcome;
  };
  void process.transactions
    .run(
      async (tx) => {
        tx.insertMarketData({
          source: 'test',
          records: [0, MONTH_MS].map((timestamp) => ({ ...values, symbol, timestamp })),
        });
        for (let pause = 0; pause < pauses; pause++) await turn();
        tx.insertFeatures({ symbol, timestamp: 0, version: 1, features: { a: 1, b: isWrong ? NaN : 2 } });
        tx.cacheSet(`own:${transaction}`, { transaction }, 1000);
        tx.cacheSet('last', transaction, 1000);
        tx.cacheDelete(`gone:${transaction}`);
      },
      { signal: controller.signal },
    )
    .then(
      () => report('applied'),
      (error: unknown) => report({ error }),
    );
}

async function verify(simulation: TransactionSimulation, count: number): Promise<void> {
  const { cache, timeSeries, stored, committing, outcomes } = simulation;
  const order = [...stored.values()].map(({ transaction }) => transaction);
  const applied = order.filter((transaction, at) => transaction !== order[at - 1]);
  expect(new Set(applied).size).toBe(applied.length);
  expect(committing.filter((transaction) => applied.includes(transaction))).toEqual(applied);
  expect(await cache.get('last', anyValue)).toBe(applied.at(-1) ?? null);
  for (let transaction = 0; transaction < count; transaction++) {
    const symbol = symbolOf(transaction);
    const bars = await timeSeries.marketData.find({ symbol });
    const features = await timeSeries.features.latest(symbol);
    const found = {
      blocks: order.filter((other) => other === transaction).length,
      bars: bars.totalCount,
      features: Object.keys(features?.features ?? {}).length,
      own: await cache.get(`own:${transaction}`, anyValue),
      gone: await cache.get(`gone:${transaction}`, anyValue),
      cached: await cache.get(`market:${symbol}:latest`, anyValue),
    };
    const nothing = { blocks: 0, bars: 0, features: 0, own: null, gone: 'old', cached: 'old' };
    const everything = { blocks: 3, bars: 2, features: 2, own: { transaction }, gone: null, cached: null };
    const expected = isCommitted(outcomes[transaction]) ?? found.blocks > 0;
    expect(found).toEqual(expected ? everything : nothing);
  }
}

/** Returns whether the transaction must be applied; undefined when it may be. */
function isCommitted(outcome: Outcome): boolean | undefined {
  if (outcome === undefined || outcome === 'applied') return outcome && true;
  if (!(outcome.error instanceof TransactionError)) return false;
  const { committed } = outcome.error;
  return committed === 'unknown' ? undefined : committed;
}

it.each(seeds(4))('transactions are applied once and in order after any crash (seed %i)', async (seed) => {
  const { steps } = await run(seed, Infinity);
  for (let crashAt = 0; crashAt < steps; crashAt++) {
    await run(seed, crashAt).catch((error: unknown) => {
      throw new Error(`ended at step ${crashAt} of ${steps}: ${(error as Error).message}`, {
        cause: error,
      });
    });
  }
});
