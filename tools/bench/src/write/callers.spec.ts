import type { BatchWriter } from '@quantumtrade/dal';
import type { MarketDataBatch } from '@quantumtrade/dal-domain';
import { startCallers } from './callers.js';

it('writes and counts batches of 1 to 50 distinct rows', async () => {
  const instants = new Set<unknown>();
  const sizes = new Set<number>();
  let written = 0;
  let reported = 0;
  const writer = {
    write: (_: string, { records }: MarketDataBatch) => {
      for (const { timestamp } of records) instants.add(timestamp);
      sizes.add(records.length);
      written += records.length;
      return new Promise((resolve) => setImmediate(resolve, { acceptedCount: records.length }));
    },
  } as unknown as BatchWriter;
  const callers = startCallers(20, writer, (rows) => (reported += rows));
  while (sizes.size < 50) await new Promise(setImmediate);
  const { rows, calls } = await callers.end();
  expect([rows, reported, instants.size]).toEqual([written, written, written]);
  expect(calls).toBeGreaterThanOrEqual(50);
  expect([Math.min(...sizes), Math.max(...sizes)]).toEqual([1, 50]);
});

it('fails when rows are refused', async () => {
  const writer = { write: () => Promise.resolve({ acceptedCount: 0 }) } as unknown as BatchWriter;
  await expect(startCallers(2, writer, () => undefined).end()).rejects.toThrow('rows were refused');
});
