import { promised } from './call.js';

it('gives what the work comes to, and rejects with what it throws', async () => {
  await expect(promised(async () => 7)).resolves.toBe(7);
  const thrown = promised(() => {
    throw new RangeError('at once');
  });
  await expect(thrown).rejects.toThrow('at once');
});
