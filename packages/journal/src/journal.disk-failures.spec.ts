import { ids, kilobyte, JournalSimulation } from './testing/simulation.js';

let sim: JournalSimulation;
beforeEach(() => {
  sim = new JournalSimulation();
});

it('an append rejected by a full disk leaves no part', async () => {
  const journal = await sim.open();
  await journal.append('a', kilobyte);
  const [segment] = sim.segments;
  const { length } = sim.content(segment!);
  sim.disk.capacity = sim.disk.used + 500;
  await expect(journal.append('b', kilobyte)).rejects.toMatchObject({
    code: 'DISK_FULL',
    mayBeJournaled: true,
  });
  expect(sim.content(segment!)).toHaveLength(length);
  await journal.append('c', Buffer.from('small'));
  sim.disk.capacity = Infinity;
  await journal.append('b', kilobyte);
  expect(await ids(journal)).toEqual(['a', 'c', 'b']);
});

it('advance frees space on a completely full disk', async () => {
  const journal = await sim.open({ segmentBytes: 100 });
  for (const id of ['a', 'b']) await journal.append(id, kilobyte);
  sim.disk.capacity = sim.disk.used;
  await expect(journal.append('c', kilobyte)).rejects.toMatchObject({ code: 'DISK_FULL' });
  await journal.advance(1);
  sim.disk.capacity = sim.disk.used + 1100;
  await journal.append('c', kilobyte);
  expect(await ids(journal)).toEqual(['b', 'c']);
});

it('records of a failed sync are written again to a new segment', async () => {
  const journal = await sim.open();
  await journal.append('a', kilobyte);
  sim.disk.faults.syncError = 1;
  const append = journal.append('b', kilobyte);
  sim.disk.onOperation = (operation) => {
    if (operation === 'truncate') delete sim.disk.faults.syncError;
  };
  await append;
  expect(sim.events.map(({ type }) => type)).toEqual(['sync-failed']);
  expect(sim.segments).toHaveLength(2);
  sim.disk.crash();
  const recovered = await sim.open();
  expect(await ids(recovered)).toEqual(['a', 'b']);
});

it('an append rejects when the second sync fails too', async () => {
  const journal = await sim.open();
  sim.disk.faults.syncError = 1;
  await expect(journal.append('a', kilobyte)).rejects.toMatchObject({ code: 'IO', mayBeJournaled: true });
  delete sim.disk.faults.syncError;
  await journal.append('b', kilobyte);
  expect(await ids(journal)).toEqual(['b']);
});
