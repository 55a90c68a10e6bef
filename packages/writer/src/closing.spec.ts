import { bars } from '@quantumtrade/dal-testing/records';
import { hangs } from './testing/answers.js';
import { watch, writerHarness } from './testing/writer-harness.js';

it('flush sends buffered rows immediately', async () => {
  const { open, stored } = writerHarness({ maxAgeMs: 1_000 });
  const writer = open();
  const write = watch(writer.write('marketData', bars(['A'])));
  await writer.flush();
  expect(write.value).toBeDefined();
  expect(await stored()).toEqual(['A']);
});

it('close settles accepted writes and refuses later ones', async () => {
  const { open, stored } = writerHarness();
  const writer = open();
  const write = writer.write('marketData', bars(['A']));
  await Promise.all([writer.close(), writer.close(), write]);
  expect(await stored()).toEqual(['A']);
  await expect(writer.write('marketData', bars(['B']))).rejects.toMatchObject({ code: 'CONNECTION' });
  await writer.close();
});

it('close rejects with the rows not stored when its deadline passes', async () => {
  const { open, advance, script, clock } = writerHarness({ maxRows: 2, maxInFlight: 1 });
  script.answer = hangs;
  const writer = open();
  const writes = [['A', 'B'], ['C', 'D'], ['E']].map((names) =>
    watch(writer.write('marketData', bars(names))),
  );
  const closing = watch(writer.close({ deadline: clock.now() + 100 }));
  await advance(100);
  expect(closing.error).toMatchObject({ code: 'TIMEOUT', rowCount: 5, journaledBlocks: 0 });
  expect((closing.error as Error).message).toMatch(/5 rows are not stored/);
  expect(writes.map(({ error }) => error)).toEqual(writes.map(() => closing.error));
  await expect(writer.close()).rejects.toBe(closing.error);
});
