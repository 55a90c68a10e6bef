import type { CallOptions } from '@quantumtrade/dal-domain';
import { EarlyCount } from './early-count.js';

it('counts once', async () => {
  let counts = 0;
  const count = new EarlyCount(undefined, () => Promise.resolve(++counts));
  expect(counts).toBe(0);
  count.begin();
  count.begin();
  expect(counts).toBe(1);
  expect(await count.result()).toBe(1);
  expect(await count.result()).toBe(1);
});

it('rejects with the error of the count when it is needed', async () => {
  const count = new EarlyCount(undefined, () => Promise.reject(new Error('no count')));
  count.begin();
  await new Promise(setImmediate);
  await expect(count.result()).rejects.toThrow('no count');
});

it('ends the count with the page or the signal', async () => {
  const given = new AbortController();
  const limits: CallOptions[] = [];
  const begun = () => {
    const count = new EarlyCount({ signal: given.signal, deadline: 5 }, (options) => {
      limits.push(options);
      return new Promise(() => undefined);
    });
    count.begin();
    return count;
  };
  begun().end();
  begun();
  expect(limits.map(({ signal, deadline }) => [signal!.aborted, deadline])).toEqual([
    [true, 5],
    [false, 5],
  ]);
  given.abort(new Error('given up'));
  expect(limits[1]!.signal!.reason).toEqual(new Error('given up'));
});
