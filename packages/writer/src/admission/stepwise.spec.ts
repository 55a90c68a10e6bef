import type { BlockCollector, BlockWriter, RecordName } from '@quantumtrade/dal-domain';
import { ManualClock } from '@quantumtrade/dal-runtime';
import { memoryDeadLetters, memoryTimeSeries } from '@quantumtrade/dal-memory';
import { openBatchWriter } from '../batch-writer.js';
import { bars, storedSymbols, turn } from '../testing/bars.js';

const STEPS = 3;

/** A collector that takes every batch of two rows or more in steps. */
function slow<N extends RecordName>(inner: BlockCollector<N>): BlockCollector<N> {
  return {
    drawVersion: (batch) => inner.drawVersion(batch),
    append: (batch, version) => inner.append(batch, version),
    *appendInSteps(batch, version) {
      const { records } = batch as unknown as { records: readonly unknown[] };
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
  const timers = new ManualClock();
  const timeSeries = memoryTimeSeries();
  const rowCounts: number[] = [];
  const blocks: BlockWriter = {
    collect: (record) => slow(timeSeries.blocks.collect(record)),
    write: async (block, callOptions) => {
      rowCounts.push(block.rowCount);
      return timeSeries.blocks.write(block, callOptions);
    },
  };
  const writer = openBatchWriter({ blocks, deadLetters: memoryDeadLetters() }, { timers, ...options });
  /** Batches of two rows or more are taken in steps. */
  const feed = (names: readonly string[]) => writer.writeAll('marketData', [bars(names)]);
  return { timers, writer, feed, rowCounts, stored: () => storedSymbols(timeSeries) };
}

describe('while a large batch is taken in steps', () => {
  it('others get their turn, and the same block takes what comes in between', async () => {
    const { writer, feed, timers, rowCounts, stored } = writerInSteps();
    const calls = [['A', 'B'], ['C'], ['D', 'E']].map(feed);
    expect(writer.progress().pendingBytes).toBe(0);
    for (let turns = 0; turns < 3 * STEPS; turns++) await turn();
    timers.advance(20);
    await Promise.all(calls);
    expect(rowCounts).toEqual([5]);
    expect(await stored()).toEqual(['A', 'B', 'C', 'D', 'E']);
  });

  it('a block that is due waits for it', async () => {
    const { writer, feed, timers, rowCounts } = writerInSteps();
    const first = writer.write('marketData', bars(['A']));
    const second = feed(['B', 'C']);
    await turn();
    timers.advance(20);
    await Promise.all([first, second]);
    expect(rowCounts).toEqual([3]);
  });

  it('others wait for room as if it had been taken at once', async () => {
    const { writer, feed, rowCounts } = writerInSteps({ maxPendingBytes: 1, maxAgeMs: 0 });
    const calls = [['A', 'B'], ['C'], ['D', 'E']].map(feed);
    await turn();
    await writer.flush();
    await Promise.all(calls);
    expect(rowCounts).toEqual([2, 1, 2]);
  });

  it('flush and close have it sent, too', async () => {
    const { writer, feed, rowCounts } = writerInSteps({ maxAgeMs: 1_000_000 });
    const flushed = feed(['A', 'B']);
    await turn();
    await writer.flush();
    const closed = feed(['C', 'D']);
    await turn();
    await writer.close();
    expect(await Promise.all([flushed, closed])).toMatchObject([{ acceptedCount: 2 }, { acceptedCount: 2 }]);
    expect(rowCounts).toEqual([2, 2]);
  });

  it('its limits count', async () => {
    const { writer, timers } = writerInSteps({ maxAgeMs: 1_000_000 });
    const batch = bars(['A', 'B']);
    const late = writer.writeAll('marketData', [batch], { deadline: timers.now() + 5 });
    await turn();
    timers.advance(6);
    await expect(late).rejects.toMatchObject({ code: 'TIMEOUT' });
    const given = new AbortController();
    const unwanted = writer.writeAll('marketData', [batch], { signal: given.signal });
    await turn();
    given.abort('unwanted');
    await expect(unwanted).rejects.toBe('unwanted');
  });
});

it('takes a batch that is written in one call at once, however large', async () => {
  const { writer, timers, stored } = writerInSteps();
  const batch = bars(['A', 'B']);
  const written = writer.write('marketData', batch);
  expect(writer.progress().pendingBytes).toBeGreaterThan(0);
  Object.assign(batch.records[0]!, { symbol: 'X' });
  (batch.records as unknown[]).length = 1;
  timers.advance(20);
  await written;
  expect(await stored()).toEqual(['A', 'B']);
});

it('stores what was given when the writer was full and the batch is changed while it waits', async () => {
  const { writer, stored } = writerInSteps({ maxPendingBytes: 1, maxAgeMs: 0 });
  const first = writer.write('marketData', bars(['A']));
  const batch = bars(['B', 'C', '!D'], () => 5);
  const waiting = writer.write('marketData', batch);
  for (const row of batch.records) Object.assign(row, { symbol: 'X', close: 9, timestamp: 'never' });
  batch.source = '';
  await writer.flush();
  await first;
  expect(await waiting).toMatchObject({ acceptedCount: 2, errors: [{ index: 2, field: 'close' }] });
  expect(await stored()).toEqual(['A', 'B', 'C']);
});
