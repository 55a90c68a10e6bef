import type {
  BlockReceipt,
  BlockWriter,
  DeadLetterStore,
  EncodedBlock,
  TimeSeriesBackend,
  WriteBlockOptions,
} from '@quantumtrade/dal-domain';
import { ConnectionError, QueryError } from '@quantumtrade/dal-domain';
import { openJournal } from '@quantumtrade/dal-journal';
import { ManualClock } from '@quantumtrade/dal-runtime';
import { Random, SimulatedDisk } from '@quantumtrade/dal-testing';
import { openBatchWriter } from '../batch-writer.js';
import type { WriterEvent } from '../events.js';
import type { BatchWriterOptions } from '../writer-options.js';
import { storedSymbols, turn } from './bars.js';

export const operation = 'marketData.insert';
export const away = new ConnectionError('away', { operation });
export const refused = new QueryError('INSERT', 'no such column', { operation });

/** The backend of a test, which only the test itself may name. */
interface Memory {
  timeSeries(): TimeSeriesBackend;
  deadLetters(): DeadLetterStore;
}

/** A writer over a store in memory whose answers are scripted: an error, or nothing for success; by default success. */
export const worldOn =
  (memory: Memory) =>
  (options: BatchWriterOptions = {}) => {
    const timers = new ManualClock();
    const timeSeries = memory.timeSeries();
    const deadLetters = memory.deadLetters();
    const attempts: EncodedBlock[] = [];
    const events: WriterEvent[] = [];
    const script: { answer: (block: EncodedBlock, options?: WriteBlockOptions) => Promise<BlockReceipt> } = {
      answer: (block, callOptions) => timeSeries.blocks.write(block, callOptions),
    };
    const blocks: BlockWriter = {
      collect: (record) => timeSeries.blocks.collect(record),
      write: (block, callOptions) => {
        attempts.push(block);
        return script.answer(block, callOptions);
      },
    };
    const all = {
      timers,
      retry: { random: () => 0.5 },
      onEvent: (e: WriterEvent) => void events.push(e),
      ...options,
    };
    const disk = new SimulatedDisk(new Random(1));
    const open = () => openBatchWriter({ blocks, deadLetters }, all);
    const openJournaled = async (durability: 'journaled' | 'acknowledged' = 'journaled') => {
      const journal = await openJournal({ directory: '/journal', fs: disk.fs, clock: timers });
      return openBatchWriter({ blocks, deadLetters, journal }, { ...all, durability });
    };
    const pass = async (milliseconds: number) => {
      await turn();
      timers.advance(milliseconds);
      await turn();
    };
    const stored = () => storedSymbols(timeSeries);
    return {
      ...{ timers, timeSeries, blocks, deadLetters, disk },
      ...{ attempts, events, script, open, openJournaled, pass, stored },
    };
  };

export const fails = (error: Error) => () => Promise.reject(error);
export const hangs = () => new Promise<never>(() => undefined);

/** What a promise has come to so far. */
export function watched<T>(promise: Promise<T>): { value?: T; error?: unknown } {
  const seen: { value?: T; error?: unknown } = {};
  promise.then(
    (value) => (seen.value = value),
    (error: unknown) => (seen.error = error),
  );
  return seen;
}
