import { promiseTry } from './promise-try.js';

it('promiseTry returns the outcome and rejects with what is thrown', async () => {
  await expect(promiseTry(async () => 7)).resolves.toBe(7);
  const thrown = promiseTry(() => {
    throw new RangeError('thrown');
  });
  await expect(thrown).rejects.toThrow('thrown');
});
