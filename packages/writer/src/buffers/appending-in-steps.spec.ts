import type { BlockCollector, BlockWriter, RecordName } from '@quantumtrade/dal-domain';
import { ManualClock } from '@quantumtrade/dal-runtime';
import { memoryDeadLetters, memoryTimeSeries } from '@quantumtrade/dal-memory';
import { turn } from '@quantumtrade/dal-testing';
import { bars, storedSymbols } from '@quantumtrade/dal-testing/records';
import { openBatchWriter } from '../block-batch-writer.js';

const STEPS = 3;

/** Returns a collector that appends batches of two rows or more in steps. */
function inSteps<N extends RecordName>(inner: BlockCollector<N>): BlockCollector<N> {
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

function openWriter(options: object = {}) {
  const clock = new ManualClock();
  const timeSeries = memoryTimeSeries();
  const rowCounts: number[] = [];
  const blocks: BlockWriter = {
    collect: (record) => inSteps(timeSeries.blocks.collect(record)),
    write: async (block, callOptions) => {
      rowCounts.push(block.rowCount);
      return timeSeries.blocks.write(block, callOptions);
    },
  };
  const writer = openBatchWriter({ blocks, deadLetters: memoryDeadLetters() }, { clock, ...options });
  /** Writes a batch, in steps when it has two rows or more. */
  const feed = (names: readonly string[]) => writer.writeAll('marketData', [bars(names)]);
  return { clock, writer, feed, rowCounts, stored: () => storedSymbols(timeSeries) };
}

it('writeAll lets other work run while it appends a large batch', async () => {
  const { writer, feed, clock, rowCounts, stored } = openWriter();
  const calls = [['A', 'B'], ['C'], ['D', 'E']].map(feed);
  expect(writer.progress().pendingBytes).toBe(0);
  for (let turns = 0; turns < 3 * STEPS; turns++) await turn();
  clock.advance(20);
  await Promise.all(calls);
  expect(rowCounts).toEqual([5]);
  expect(await stored()).toEqual(['A', 'B', 'C', 'D', 'E']);
});

it('a due block waits for a batch that is appended in steps', async () => {
  const { writer, feed, clock, rowCounts } = openWriter();
  const first = writer.write('marketData', bars(['A']));
  const second = feed(['B', 'C']);
  await turn();
  clock.advance(20);
  await Promise.all([first, second]);
  expect(rowCounts).toEqual([3]);
});

it('other batches wait while a batch is appended in steps', async () => {
  const { writer, feed, rowCounts } = openWriter({ maxPendingBytes: 1, maxAgeMs: 0 });
  const calls = [['A', 'B'], ['C'], ['D', 'E']].map(feed);
  await turn();
  await writer.flush();
  await Promise.all(calls);
  expect(rowCounts).toEqual([2, 1, 2]);
});

it('flush and close send a batch that is appended in steps', async () => {
  const { writer, feed, rowCounts } = openWriter({ maxAgeMs: 1_000_000 });
  const flushed = feed(['A', 'B']);
  await turn();
  await writer.flush();
  const closed = feed(['C', 'D']);
  await turn();
  await writer.close();
  expect(await Promise.all([flushed, closed])).toMatchObject([{ acceptedCount: 2 }, { acceptedCount: 2 }]);
  expect(rowCounts).toEqual([2, 2]);
});

it('deadline and signal end a write that is appended in steps', async () => {
  const { writer, clock } = openWriter({ maxAgeMs: 1_000_000 });
  const batch = bars(['A', 'B']);
  const late = writer.writeAll('marketData', [batch], { deadline: clock.now() + 5 });
  await turn();
  clock.advance(6);
  await expect(late).rejects.toMatchObject({ code: 'TIMEOUT' });
  const given = new AbortController();
  const unwanted = writer.writeAll('marketData', [batch], { signal: given.signal });
  await turn();
  given.abort('unwanted');
  await expect(unwanted).rejects.toBe('unwanted');
});

it('write reads the whole batch before it returns', async () => {
  const { writer, clock, stored } = openWriter();
  const batch = bars(['A', 'B']);
  const written = writer.write('marketData', batch);
  expect(writer.progress().pendingBytes).toBeGreaterThan(0);
  Object.assign(batch.records[0]!, { symbol: 'X' });
  (batch.records as unknown[]).length = 1;
  clock.advance(20);
  await written;
  expect(await stored()).toEqual(['A', 'B']);
});

it('write stores a copy when the batch changes while it waits', async () => {
  const { writer, stored } = openWriter({ maxPendingBytes: 1, maxAgeMs: 0 });
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
