import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { EncodedBlock } from '@quantumtrade/dal-domain';
import { memoryCacheBackend, memoryDeadLetters, memoryTimeSeries } from '@quantumtrade/dal-memory';
import { ManualClock } from '@quantumtrade/dal-runtime';
import { turn } from '@quantumtrade/dal-testing';
import { storedSymbols } from '@quantumtrade/dal-testing/records';
import type { TransactionLogs } from '../transactions/transaction-logs.js';
import { fileTransactionLogs, memoryTransactionLogs } from '../transactions/transaction-logs.js';
import { Transactions } from '../transactions/transactions.js';
import { transactionCache } from './transaction-cache.js';

/** Returns a feature batch of one symbol. */
export const features = (symbol: string, values: Record<string, number>) => ({
  symbol,
  timestamp: 0,
  version: 1,
  features: values,
});

/** Transactions over a store and a cache in memory, with logs in a directory of their own. */
export class TransactionHarness {
  readonly directory: string;
  /** Times of commits and of cached values. */
  readonly timeSource = new ManualClock(0);
  /** Timers of retries and deadlines. */
  readonly clock = new ManualClock();
  readonly timeSeries = memoryTimeSeries({ clock: this.timeSource });
  readonly cache = memoryCacheBackend({ clock: this.timeSource }).cache;
  readonly deadLetters = memoryDeadLetters();
  readonly opened: Transactions[] = [];
  /** Called before the store writes a block. Throws to refuse it. */
  check: (block: EncodedBlock) => unknown = () => undefined;

  constructor(directory: string) {
    this.directory = directory;
  }

  static async create(): Promise<TransactionHarness> {
    return new TransactionHarness(await mkdtemp(join(tmpdir(), 'transactions-')));
  }

  open(logs: TransactionLogs = memoryTransactionLogs(), withDeadLetters = true): Transactions {
    const transactions = new Transactions(logs, {
      blocks: {
        collect: (record) => this.timeSeries.blocks.collect(record),
        write: async (block, options) => {
          await this.check(block);
          return this.timeSeries.blocks.write(block, options);
        },
      },
      cache: transactionCache(this.cache),
      deadLetters: withDeadLetters ? this.deadLetters : undefined,
      timeSource: this.timeSource,
      clock: this.clock,
      retry: { random: () => 0.5 },
    });
    this.opened.push(transactions);
    return transactions;
  }

  fileLogs(): TransactionLogs {
    return fileTransactionLogs(join(this.directory, 'log'), { clock: this.clock });
  }

  /** Advances the clock until the promise has settled. */
  async settle<T>(promise: Promise<T>): Promise<T> {
    let isSettled = false;
    const end = () => void (isSettled = true);
    promise.then(end, end);
    while (!isSettled) {
      await turn();
      this.clock.advance(10);
    }
    return promise;
  }

  stored(): Promise<string[]> {
    return storedSymbols(this.timeSeries);
  }

  async close(): Promise<void> {
    await this.settle(Promise.all(this.opened.map((transactions) => transactions.close())));
    await rm(this.directory, { recursive: true });
  }
}
