import { Random } from '@quantumtrade/dal-testing';
import { ids, kilobyte, JournalSimulation } from './testing/simulation.js';

let sim: JournalSimulation;
beforeEach(() => {
  sim = new JournalSimulation();
});

it('records of a killed process become durable before delivery', async () => {
  for (let seed = 1; seed <= 10; seed++) {
    sim = new JournalSimulation(new Random(seed));
    const journal = await sim.open();
    sim.disk.onOperation = (operation) => operation === 'sync' && sim.disk.kill();
    await expect(journal.append('a', kilobyte)).rejects.toMatchObject({ mayBeJournaled: true });
    sim.disk.onOperation = () => undefined;
    expect(await ids(await sim.open())).toEqual(['a']);
    sim.disk.crash();
    expect(await ids(await sim.open())).toEqual(['a']);
  }
});

it('opening removes a torn tail and counts it', async () => {
  const journal = await sim.open();
  for (const id of ['a', 'b']) await journal.append(id, kilobyte);
  await journal.close();
  sim.disk.cutOff(sim.segments[0]!, 10);
  const recovered = await sim.open();
  expect(await ids(recovered)).toEqual(['a']);
  expect(recovered.stats()).toMatchObject({
    truncated: { tails: 1, bytes: 1043 },
    quarantined: { ranges: 0 },
  });
  expect(sim.content(sim.segments[0]!)).toHaveLength(1053);
  await recovered.close();
  expect((await sim.open()).stats().truncated.tails).toBe(0);
});

it.each([
  ['the payload', 500],
  ['the header', 8],
  ['the magic', 0],
  ['the sequence', 12],
])('a bit flipped in %s quarantines that record alone', async (_, offset) => {
  const journal = await sim.open();
  for (const id of ['a', 'b', 'c']) await journal.append(id, kilobyte);
  await journal.close();
  const [segment] = sim.segments;
  sim.disk.flipBit(segment!, 1053 + offset, 3);
  const damaged = Buffer.from(sim.content(segment!).subarray(1053, 2106));
  const recovered = await sim.open();
  expect(await ids(recovered)).toEqual(['a', 'c']);
  expect(recovered.stats()).toMatchObject({
    quarantined: { ranges: 1, bytes: 1053 },
    truncated: { tails: 0 },
  });
  const [copy] = sim.events.flatMap((event) => (event.type === 'quarantined' ? [event.file!] : []));
  expect(sim.content(copy!)).toEqual(damaged);
});

it('a damaged last record is quarantined and not taken for torn', async () => {
  const journal = await sim.open();
  for (const id of ['a', 'b']) await journal.append(id, kilobyte);
  await journal.close();
  sim.disk.flipBit(sim.segments[0]!, 1500, 0);
  const recovered = await sim.open();
  expect(await ids(recovered)).toEqual(['a']);
  expect(recovered.stats().quarantined).toEqual({ ranges: 1, bytes: 1053 });
});

it('damage of an open journal is quarantined when it is read', async () => {
  const journal = await sim.open();
  for (const id of ['a', 'b', 'c']) await journal.append(id, kilobyte);
  sim.disk.flipBit(sim.segments[0]!, 1500, 0);
  expect(await ids(journal)).toEqual(['a', 'c']);
  expect(await ids(journal)).toEqual(['a', 'c']);
  expect(journal.stats().quarantined.ranges).toBe(1);
});

it('a record copied into a payload is not delivered', async () => {
  const source = await sim.open({ directory: '/other' });
  await source.append('copied', kilobyte);
  await source.close();
  const copy = sim.content(sim.segments[0]!);
  const journal = await sim.open();
  await journal.append('outer', [copy, copy.subarray(0, 500)]);
  await journal.append('next', kilobyte);
  await journal.close();
  sim.disk.flipBit(
    sim.segments.find((path) => path.startsWith('/j/'))!,
    4,
    0,
  );
  expect(await ids(await sim.open())).toEqual(['next']);
});

it('the record after a damaged one with copied records is delivered', async () => {
  const journal = await sim.open();
  await journal.append('copied', kilobyte);
  const copy = sim.content(sim.segments[0]!);
  await journal.append('outer', copy.subarray(0, 500));
  await journal.append('next', Buffer.from('n'));
  await journal.close();
  sim.disk.flipBit(sim.segments[0]!, copy.length + 1, 0);
  expect(await ids(await sim.open())).toEqual(['copied', 'next']);
});

it('a damaged cursor delivers from the oldest record', async () => {
  const journal = await sim.open();
  for (const id of ['a', 'b']) await journal.append(id, kilobyte);
  await journal.advance(1);
  await journal.close();
  sim.disk.flipBit('/j/cursor', 5, 0);
  const recovered = await sim.open();
  expect(sim.events).toEqual([{ type: 'cursor-damaged' }]);
  expect(await ids(recovered)).toEqual(['a', 'b']);
});
