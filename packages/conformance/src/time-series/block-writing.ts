import type { EncodedBlock, TimeSeriesBackend } from '@quantumtrade/dal-domain';
import { rejectionOf, summaryOfRejection } from '../failures.js';
import type { TestRunner } from '../runner.js';
import { barsOf, collectorOf, marketDataCase, range } from './block-samples.js';
import { batchOfRows } from './record-cases.js';
import { uniqueDay, uniqueName, untyped } from './subject.js';

/** Tests `BlockWriter.write`. */
export function writeTests(runner: TestRunner, backend: () => TimeSeriesBackend): void {
  const { it, expect } = runner;
  const day = uniqueDay();
  const blockOf = (symbol: string, close: number, count = 1, time = day): EncodedBlock => {
    const collector = collectorOf(backend(), marketDataCase);
    const rows = barsOf(symbol, time, count, close);
    collector.append(untyped(batchOfRows(marketDataCase, rows, { timestamp: day })));
    return collector.finish()[0]!;
  };
  const write = (block: EncodedBlock) => backend().blocks.write(block);
  const closes = async (symbol: string) =>
    (await backend().marketData.find({ symbol })).data.map(({ close }) => close);

  it('write stores a block once, also after a later correction', async () => {
    const symbol = uniqueName();
    const original = blockOf(symbol, 1, 2);
    await write(original);
    await write(original);
    await write(blockOf(symbol, 2, 2));
    for (let times = 0; times < 3; times++) await write(original);
    expect(await closes(symbol)).toEqual([2, 2]);
  });

  it('write stores a block once under concurrent calls', async () => {
    const symbol = uniqueName();
    const original = blockOf(symbol, 1, 2);
    await Promise.all(range(10).map(() => write(original)));
    await write(blockOf(symbol, 2, 2));
    await Promise.all(range(10).map(() => write(original)));
    expect(await closes(symbol)).toEqual([2, 2]);
  });

  it('write stores two blocks with equal rows separately', async () => {
    const symbol = uniqueName();
    for (const close of [1, 2, 1]) await write(blockOf(symbol, close));
    expect(await closes(symbol)).toEqual([1]);
  });

  it('write accepts kept bytes from any caller in any order', async () => {
    const symbol = uniqueName();
    const kept = [3, 0, 2, 1].map((n) => {
      const { record, id, rowCount, bytes } = blockOf(symbol, n, 1, day + n);
      const surrounded = new Uint8Array(bytes.length + 7);
      surrounded.set(bytes, 3);
      return { record, id, rowCount, bytes: surrounded.subarray(3, 3 + bytes.length) };
    });
    for (const block of kept) await write(block);
    expect(await closes(symbol)).toEqual([0, 1, 2, 3]);
  });

  it('write stores a block once after an aborted write', async () => {
    for (const patience of [0, 1, 5, 20]) {
      const symbol = uniqueName();
      const block = blockOf(symbol, 1, 1_000);
      const given = new AbortController();
      const first = backend().blocks.write(block, { signal: given.signal });
      const settled = first.then(
        () => 'stored',
        (error: unknown) => error,
      );
      await new Promise((resolve) => setTimeout(resolve, patience));
      given.abort('given up');
      expect(['stored', 'given up'].includes((await settled) as string)).toBe(true);
      await write(block);
      expect((await backend().marketData.find({ symbol, limit: 0 })).totalCount).toBe(1_000);
    }
  });

  it('write refuses foreign blocks without retry', async () => {
    const symbol = uniqueName();
    const good = blockOf(symbol, 1, 50);
    const cut = good.bytes.subarray(0, good.bytes.length / 2);
    const wrong: EncodedBlock[] = [
      { ...good, record: untyped('noSuchRecord') },
      { ...good, record: untyped('constructor') },
      { ...good, bytes: new Uint8Array() },
      { ...good, bytes: cut },
      { ...good, bytes: Uint8Array.from({ length: 500 }, (_, i) => (i * 151 + 17) % 256) },
      { ...good, bytes: Uint8Array.from({ length: 500 }, () => 255) },
      { ...good, rowCount: 49 },
    ];
    for (const block of wrong) {
      expect((await rejectionOf(() => write(block))).retryable).toBe(false);
    }
    expect(await closes(symbol)).toEqual([]);
    await write(good);
    expect(await closes(symbol)).toHaveLength(50);
  });

  it('write stores nothing when the call is over at once', async () => {
    const symbol = uniqueName();
    const block = blockOf(symbol, 1);
    const reason = new Error('no longer wanted');
    const aborted = backend().blocks.write(block, { signal: AbortSignal.abort(reason) });
    expect(await aborted.catch((error: unknown) => error)).toBe(reason);
    expect(
      await summaryOfRejection(() => backend().blocks.write(block, { deadline: Date.now() - 1 })),
    ).toEqual({
      code: 'TIMEOUT',
    });
    expect(await closes(symbol)).toEqual([]);
  });
}
