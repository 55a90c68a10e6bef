import { turn } from '@quantumtrade/dal-testing';
import { bars } from '@quantumtrade/dal-testing/records';
import { watch, writerHarness } from '../testing/writer-harness.js';

/** A writer whose one block in flight waits for `answer`. */
function fullWriter() {
  const all = writerHarness({ maxRows: 1, maxPendingBytes: 1, maxInFlight: 1 });
  const store = all.script.answer;
  let answer!: () => void;
  all.script.answer = (block) =>
    new Promise((resolve) => {
      answer = () => {
        all.script.answer = store;
        resolve(store(block));
      };
    });
  const writer = all.open();
  const first = writer.write('marketData', bars(['A']));
  return { ...all, writer, first, answer: () => answer() };
}

it('write waits while the writer is full and is admitted in order', async () => {
  const { writer, first, answer, attempts, stored } = fullWriter();
  const others = ['B', 'C'].map((symbol) => writer.write('marketData', bars([symbol])));
  await turn();
  expect(attempts).toHaveLength(1);
  answer();
  await Promise.all([first, ...others]);
  expect(attempts.map(({ rowCount }) => rowCount)).toEqual([1, 1, 1]);
  expect(await stored()).toEqual(['A', 'B', 'C']);
  expect(writer.progress()).toMatchObject({ pendingBytes: 0, rows: 3 });
});

it('write stores nothing when the caller gave up while it waited', async () => {
  const { writer, answer, clock, advance, stored } = fullWriter();
  const giveUp = new AbortController();
  const aborted = writer.write('marketData', bars(['B']), { signal: giveUp.signal });
  const late = writer.write('marketData', bars(['C']), { deadline: clock.now() + 10 });
  giveUp.abort(new Error('enough'));
  await expect(aborted).rejects.toThrow('enough');
  const ended = watch(late);
  await advance(10);
  expect(ended.error).toMatchObject({ code: 'TIMEOUT' });
  answer();
  await writer.close();
  expect(await stored()).toEqual(['A']);
});

it('close rejects writes that wait for free bytes', async () => {
  const { writer, first, answer, stored } = fullWriter();
  const waiting = writer.write('marketData', bars(['B']));
  const closing = writer.close();
  await expect(waiting).rejects.toMatchObject({ code: 'CONNECTION', retryable: false });
  answer();
  await Promise.all([first, closing]);
  expect(await stored()).toEqual(['A']);
});
