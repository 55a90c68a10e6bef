import type { BlockReceipt, BlockWriter, EncodedBlock, WriteBlockOptions } from '@quantumtrade/dal-domain';
import { openJournal } from '@quantumtrade/dal-journal';
import { memoryDeadLetters, memoryTimeSeries } from '@quantumtrade/dal-memory';
import { ManualClock } from '@quantumtrade/dal-runtime';
import { Random, SimulatedDisk, turn } from '@quantumtrade/dal-testing';
import { storedSymbols } from '@quantumtrade/dal-testing/records';
import type { BatchWriterEvent } from '../batch-writer-events.js';
import type { BatchWriterOptions } from '../batch-writer-options.js';
import { openBatchWriter } from '../block-batch-writer.js';

/** Batch writers over a store in memory. `script.answer` replaces its answers; by default it stores every block. */
export function writerHarness(options: BatchWriterOptions = {}) {
  const clock = new ManualClock();
  const timeSeries = memoryTimeSeries();
  const deadLetters = memoryDeadLetters();
  const disk = new SimulatedDisk(new Random(1));
  /** The block of each attempt to store one. */
  const attempts: EncodedBlock[] = [];
  const events: BatchWriterEvent[] = [];
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
  const all: BatchWriterOptions = {
    clock,
    retry: { random: () => 0.5 },
    onEvent: (event) => void events.push(event),
    ...options,
  };
  return {
    ...{ clock, timeSeries, blocks, deadLetters, disk, attempts, events, script },
    open: () => openBatchWriter({ blocks, deadLetters }, all),
    openJournaled: async (durability: 'journaled' | 'acknowledged' = 'journaled') => {
      const journal = await openJournal({ directory: '/journal', fs: disk.fs, clock });
      return openBatchWriter({ blocks, deadLetters, journal }, { ...all, durability });
    },
    /** Moves the clock and runs everything that is due. */
    advance: async (milliseconds: number) => {
      await turn();
      clock.advance(milliseconds);
      await turn();
    },
    stored: () => storedSymbols(timeSeries),
  };
}

/** Returns an object that gets the value or the error of a promise. */
export function watch<T>(promise: Promise<T>): { value?: T; error?: unknown } {
  const seen: { value?: T; error?: unknown } = {};
  promise.then(
    (value) => (seen.value = value),
    (error: unknown) => (seen.error = error),
  );
  return seen;
}
