import type { BlockCollector, BlockWriter, RecordName } from '@quantumtrade/dal-domain';
import { ManualTimers } from '@quantumtrade/dal-journal/testing/manual-timers';
import { memoryDeadLetters, memoryTimeSeries } from '@quantumtrade/dal-memory';
import { openBatchWriter } from './batch-writer.js';
import { bars, storedSymbols, turn } from './testing/bars.js';

const STEPS = 3;

/** A collector that takes every batch of two rows or more in steps. */
function slow<N extends RecordName>(inner: BlockCollector<N>): BlockCollector<N> {
  return {
    drawVersion: (batch) => inner.drawVersion(batch),
    append: (batch, version) => inner.append(batch, version),
    *appendInSteps(batch, version) {
      const { records } = batch as { records: readonly unknown[] };
      for (let step = 0; step < STEPS && records.length > 1; step++) yield;
      return inner.append(batch, version);
    },
    get rowCount() {
      return inner.rowCount;
    },
    get byteLength() {
      return inner.byteLength;
    },
    finish: () => inner.finish(),
  };
}

function writerInSteps(options: object = {}) {
  const timers = new ManualTimers();
  const timeSeries = memoryTimeSeries();
  const rowCounts: number[] = [];
  const blocks: BlockWriter = {
    collect: (record) => slow(timeSeries.blocks.collect(record)),
    write: async (block, callOptions) => {
      rowCounts.push(block.rowCount);
      await timeSeries.blocks.write(block, callOptions);
    },
  };
  const writer = openBatchWriter({ blocks, deadLetters: memoryDeadLetters() }, { timers, ...options });
  return { timers, writer, rowCounts, stored: () => storedSymbols(timeSeries) };
}

describe('while a large batch is taken in steps', () => {
  it('others get their turn, and the same block takes what comes in between', async () => {
    const { writer, timers, rowCounts, stored } = writerInSteps();
    const calls = [['A', 'B'], ['C'], ['D', 'E']].map((names) => writer.write('marketData', bars(names)));
    expect(writer.progress().pendingBytes).toBe(0);
    for (let turns = 0; turns < 3 * STEPS; turns++) await turn();
    timers.advance(20);
    await Promise.all(calls);
    expect(rowCounts).toEqual([5]);
    expect(await stored()).toEqual(['A', 'B', 'C', 'D', 'E']);
  });

  it('a block that is due waits for it', async () => {
    const { writer, timers, rowCounts } = writerInSteps();
    const first = writer.write('marketData', bars(['A']));
    const second = writer.write('marketData', bars(['B', 'C']));
    timers.advance(20);
    await Promise.all([first, second]);
    expect(rowCounts).toEqual([3]);
  });

  it('others wait for room as if it had been taken at once', async () => {
    const { writer, rowCounts } = writerInSteps({ maxPendingBytes: 1, maxAgeMs: 0 });
    const calls = [['A', 'B'], ['C'], ['D', 'E']].map((names) => writer.write('marketData', bars(names)));
    await writer.flush();
    await Promise.all(calls);
    expect(rowCounts).toEqual([2, 1, 2]);
  });

  it('flush and close have it sent, too', async () => {
    const { writer, rowCounts } = writerInSteps({ maxAgeMs: 1_000_000 });
    const flushed = writer.write('marketData', bars(['A', 'B']));
    await writer.flush();
    const closed = writer.write('marketData', bars(['C', 'D']));
    await writer.close();
    expect(await Promise.all([flushed, closed])).toMatchObject([{ acceptedCount: 2 }, { acceptedCount: 2 }]);
    expect(rowCounts).toEqual([2, 2]);
  });

  it('its limits count', async () => {
    const { writer, timers } = writerInSteps({ maxAgeMs: 1_000_000 });
    const batch = bars(['A', 'B']);
    const late = writer.write('marketData', batch, { deadline: timers.now() + 5 });
    timers.advance(6);
    await expect(late).rejects.toMatchObject({ code: 'TIMEOUT' });
    const given = new AbortController();
    const unwanted = writer.write('marketData', batch, { signal: given.signal });
    given.abort('unwanted');
    await expect(unwanted).rejects.toBe('unwanted');
  });
});
