import type { BatchWriter } from '@quantumtrade/dal';
import type { MarketDataBatch } from '@quantumtrade/dal-domain';
import { startCallers } from './callers.js';

it('writes batches of 1 to 50 rows, each row with an instant of its own, and counts them', async () => {
  const instants = new Set<unknown>();
  const sizes = new Set<number>();
  let written = 0;
  let told = 0;
  const writer = {
    write: (_: string, { records }: MarketDataBatch) => {
      for (const { timestamp } of records) instants.add(timestamp);
      sizes.add(records.length);
      written += records.length;
      return new Promise((resolve) => setImmediate(resolve, { acceptedCount: records.length }));
    },
  } as unknown as BatchWriter;
  const callers = startCallers(20, writer, (rows) => (told += rows));
  while (sizes.size < 50) await new Promise(setImmediate);
  const { rows, calls } = await callers.end();
  expect([rows, told, instants.size]).toEqual([written, written, written]);
  expect(calls).toBeGreaterThanOrEqual(50);
  expect([Math.min(...sizes), Math.max(...sizes)]).toEqual([1, 50]);
});

it('tells of rows that were not accepted', async () => {
  const writer = { write: () => Promise.resolve({ acceptedCount: 0 }) } as unknown as BatchWriter;
  await expect(startCallers(2, writer, () => undefined).end()).rejects.toThrow('rows were refused');
});
