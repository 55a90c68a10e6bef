import { drain, JournalSimulation, kilobyte } from './testing/simulation.js';
import { readJournal } from './read-journal.js';

async function read(simulation: JournalSimulation): Promise<string[]> {
  const found: string[] = [];
  for await (const { id } of readJournal('/j', simulation.disk.fs)) found.push(id);
  return found;
}

it('reads undelivered records of a journal that is open', async () => {
  const simulation = new JournalSimulation();
  const journal = await simulation.open({ segmentBytes: 2_500 });
  for (let n = 0; n < 8; n++) await journal.append(`r${n}`, kilobyte);
  const records = await drain(journal);
  await journal.advance(records[2]!.position);
  const before = new Map([...simulation.disk.contents()].map(([path, bytes]) => [path, Buffer.from(bytes)]));
  expect(await read(simulation)).toEqual(['r3', 'r4', 'r5', 'r6', 'r7']);
  expect(simulation.disk.contents()).toEqual(before);
  await journal.append('r8', kilobyte);
  expect((await read(simulation)).at(-1)).toBe('r8');
  await journal.close();
});

it('reads up to an unfinished write', async () => {
  const simulation = new JournalSimulation();
  const journal = await simulation.open();
  for (const id of ['a', 'b']) await journal.append(id, kilobyte);
  await journal.close();
  simulation.disk.cutOff(simulation.segments[0]!, 100);
  expect(await read(simulation)).toEqual(['a']);
});

it('refuses a damaged record with its file and range', async () => {
  const simulation = new JournalSimulation();
  const journal = await simulation.open();
  for (const id of ['a', 'b']) await journal.append(id, kilobyte);
  await journal.close();
  const [segment] = simulation.segments;
  simulation.disk.flipBit(segment!, 500, 1);
  await expect(read(simulation)).rejects.toMatchObject({
    code: 'IO',
    message: expect.stringMatching(/Bytes 0 to \d+ of \S+\.wal are damaged/),
  });
});
