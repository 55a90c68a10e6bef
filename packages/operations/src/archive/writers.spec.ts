import { ArchiveHarness } from '../testing/archive-harness.js';
import { archivedWriters, retireWriter } from './writers.js';

it('lists writers and retires one that ended for good', async () => {
  const harness = new ArchiveHarness();
  const archive = harness.open();
  await harness.append(archive, 'a');
  await harness.advance(10_000);
  harness.crash();
  const [writer, ...others] = await archivedWriters(harness.store);
  expect(others).toEqual([]);
  expect(writer).toMatchObject({
    database: 'market',
    completeTo: new Date(1_009_999),
    isClosed: false,
    segments: 1,
  });
  await retireWriter(harness.store, writer!.writer);
  expect(await archivedWriters(harness.store)).toEqual([{ ...writer, isClosed: true }]);
  await expect(retireWriter(harness.store, 'nobody')).rejects.toThrow('writer - has no archive');
});
