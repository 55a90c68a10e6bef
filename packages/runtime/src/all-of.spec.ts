import { allOf } from './all-of.js';

it('returns all results in their order', async () => {
  expect(await allOf([Promise.resolve(1), Promise.resolve(2)])).toEqual([1, 2]);
});

it('throws the first failure after all have ended', async () => {
  let isEnded = false;
  const slow = new Promise<void>((resolve) => {
    setImmediate(() => {
      isEnded = true;
      resolve();
    });
  });
  const failures = ['first', 'second'].map((reason) => Promise.reject<void>(new Error(reason)));
  await expect(allOf([...failures, slow])).rejects.toThrow('first');
  expect(isEnded).toBe(true);
});
