import { checkCall, promised } from './call.js';

it('gives what the work comes to, and rejects with what it throws', async () => {
  await expect(promised(async () => 7)).resolves.toBe(7);
  const thrown = promised(() => {
    throw new RangeError('at once');
  });
  await expect(thrown).rejects.toThrow('at once');
});

it('lets a call begin that has an end to come, or none', () => {
  for (const options of [undefined, {}, { deadline: Date.now() + 60_000 }, { deadline: Infinity }]) {
    expect(() => checkCall(options, 'op')).not.toThrow();
  }
});

it.each([
  [Date.now() - 1, { code: 'TIMEOUT', operation: 'op' }],
  [NaN, { code: 'VALIDATION', field: 'deadline', operation: 'op' }],
  [new Date(NaN) as unknown as number, { code: 'VALIDATION', field: 'deadline', operation: 'op' }],
])('refuses to begin a call with the deadline %p', (deadline, error) => {
  expect(() => checkCall({ deadline }, 'op')).toThrow(expect.objectContaining(error));
});
