import { coherentBlocks, ReadThroughCache } from '@quantumtrade/dal-cache';
import type { BlockWriter, Cache, MarketDataRepository } from '@quantumtrade/dal-domain';
import { ConnectionError, OPERATIONS } from '@quantumtrade/dal-domain';
import { ManualClock } from '@quantumtrade/dal-runtime';
import { memoryCacheBackend, memoryDeadLetters, memoryTimeSeries } from '@quantumtrade/dal-memory';
import { Random, seeds, turn } from '@quantumtrade/dal-testing';
import { openBatchWriter, Transactions, memoryTransactionLogs } from '@quantumtrade/dal-writer';
import { bars } from '@quantumtrade/dal-testing/records';
import { OperationMetrics } from '@quantumtrade/dal-telemetry';
import { Observation } from '../observation.js';
import { cachedMarketData } from './market-data.js';

const SYMBOLS = ['A', 'B'] as const;
const clock = { now: () => 0 };
const lost = () => new ConnectionError('cut', { operation: 'test' });

/** Simulates the reads and writes of a data layer over a store and a cache with random delays. */
class Simulation {
  readonly #random: Random;
  readonly #timers = new ManualClock();
  readonly #store = memoryTimeSeries({ clock });
  readonly #marketData: MarketDataRepository;
  /** Each writes one bar of a symbol in another way. */
  readonly #ways: ((symbol: string, timestamp: number) => Promise<unknown>)[];
  /** The instant of the newest bar given to a writer. */
  #newest = 0;
  #lossRate = 0.1;

  /** With `isLocal`, the cache says at once which keys it holds. */
  constructor(seed: number, isLocal: boolean) {
    this.#random = new Random(seed);
    const timers = this.#timers;
    const retry = { random: () => 0.5 };
    const { cache, invalidations, holds } = memoryCacheBackend({ clock });
    const backend = { cache: this.#slowCache(cache), invalidations, holds: isLocal ? holds : undefined };
    const through = new ReadThroughCache(backend, {
      keyspaces: {},
      observer: { cacheLookup: () => undefined },
    });
    const { blocks, marketData } = this.#slowStore();
    this.#marketData = new Observation(new OperationMetrics()).port(
      'marketData',
      marketData,
      OPERATIONS.marketData,
      cachedMarketData(marketData, through),
    );
    const deadLetters = memoryDeadLetters();
    const parts = { blocks: coherentBlocks(blocks, through), deadLetters };
    const writer = openBatchWriter(parts, { clock: timers, retry, maxAgeMs: 10 });
    const transactions = new Transactions(memoryTransactionLogs(), {
      blocks,
      cache: through,
      timeSource: clock,
      clock: timers,
      retry,
    });
    const batch = (symbol: string, timestamp: number) => bars([symbol], () => timestamp);
    this.#ways = [
      (symbol, timestamp) => this.#marketData.insert(batch(symbol, timestamp)),
      (symbol, timestamp) => writer.write('marketData', batch(symbol, timestamp)),
      (symbol, timestamp) => transactions.run((tx) => tx.insertMarketData(batch(symbol, timestamp))),
    ];
  }

  /** Reads and writes concurrently. A reader must not read anything older than it has written. */
  async run(): Promise<void> {
    const actors = Array.from({ length: 6 }, () => this.#act());
    let isOver = false;
    const all = Promise.all(actors).finally(() => (isOver = true));
    all.catch(() => undefined);
    while (!isOver) {
      await turn();
      this.#timers.advance(5);
    }
    await all;
  }

  /** Returns the latest instant of each symbol from the cached port and from the store. */
  async latest(): Promise<{ cached: unknown[]; stored: unknown[] }> {
    this.#lossRate = 0;
    const cached = SYMBOLS.map((symbol) => instantOf(this.#marketData, symbol));
    const stored = SYMBOLS.map((symbol) => instantOf(this.#store.marketData, symbol));
    return { cached: await Promise.all(cached), stored: await Promise.all(stored) };
  }

  async #act(): Promise<void> {
    for (let steps = 0; steps < 5; steps++) {
      await this.#pause();
      const symbol = SYMBOLS[this.#random.below(SYMBOLS.length)]!;
      let written = 0;
      if (this.#random.chance(0.4)) {
        const way = this.#random.below(this.#ways.length);
        const timestamp = ++this.#newest;
        await this.#ways[way]!(symbol, timestamp).then(
          () => (written = timestamp),
          () => undefined,
        );
      }
      expect(await instantOf(this.#marketData, symbol).catch(() => Infinity)).toBeGreaterThanOrEqual(written);
    }
  }

  async #pause(): Promise<void> {
    for (let turns = this.#random.below(6); turns > 0; turns--) await turn();
  }

  /** Delays a call, and loses some on their way there or back. */
  async #slowly<T>(call: () => Promise<T>): Promise<T> {
    await this.#pause();
    if (this.#random.chance(this.#lossRate)) throw lost();
    const result = await call();
    await this.#pause();
    if (this.#random.chance(this.#lossRate)) throw lost();
    return result;
  }

  #slowStore(): { blocks: BlockWriter; marketData: MarketDataRepository } {
    const { blocks, marketData } = this.#store;
    return {
      blocks: {
        collect: (record) => blocks.collect(record),
        write: (block) => this.#slowly(() => blocks.write(block)),
      },
      marketData: {
        ...marketData,
        insert: (batch) => this.#slowly(() => marketData.insert(batch)),
        latest: (symbol, limit, options) => this.#slowly(() => marketData.latest(symbol, limit, options)),
      },
    };
  }

  /** Delays answers at random. Commands take effect in the order of their calls. */
  #slowCache(cache: Cache): Cache {
    const later = async <T>(answer: Promise<T>): Promise<T> => {
      await this.#pause();
      return answer;
    };
    return {
      get: (key, decoder) => later(cache.get(key, decoder)),
      getEntry: (key, decoder) => later(cache.getEntry(key, decoder)),
      getEntryOrSet: (key, decoder, value, ttl) => later(cache.getEntryOrSet(key, decoder, value, ttl)),
      getMany: (keys, decoder) => later(cache.getMany(keys, decoder)),
      getEntries: (keys, decoder) => later(cache.getEntries(keys, decoder)),
      set: (key, value, ttl) => later(cache.set(key, value, ttl)),
      setMany: (entries) => later(cache.setMany(entries)),
      setIfNewer: (key, value, ttl) => later(cache.setIfNewer(key, value, ttl)),
      setIfUnchanged: (key, expected, value, ttl, { notify } = {}) =>
        later(cache.setIfUnchanged(key, expected, value, ttl, { notify })),
      replaceIfNewer: (key, value, ttl) => later(cache.replaceIfNewer(key, value, ttl)),
      delete: (key) => later(cache.delete(key)),
      deleteMany: (keys) => later(cache.deleteMany(keys)),
      deleteWhere: (pattern, parts) => later(cache.deleteWhere(pattern, parts)),
      exists: (key) => later(cache.exists(key)),
    };
  }
}

const instantOf = async (marketData: MarketDataRepository, symbol: string): Promise<number> =>
  Number((await marketData.latest(symbol, 1, { exact: true })).data[0]?.timestamp ?? 0);

it.each(seeds(100))('never reads older than an acknowledged write of any kind (seed %i)', async (seed) => {
  for (const isLocal of [false, true]) {
    const simulation = new Simulation(seed, isLocal);
    await simulation.run();
    const { cached, stored } = await simulation.latest();
    expect(cached).toEqual(stored);
  }
});
