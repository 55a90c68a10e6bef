import { LookupBatcher } from './lookup-batcher.js';

it('query of several lookups has the greatest of their priorities', async () => {
  const seen: unknown[] = [];
  const batcher = new LookupBatcher<string, string>(
    async (keys, options) => {
      seen.push(options?.priority);
      return keys;
    },
    { textOf: (key) => key, operation: 'test.latest', timeoutMs: 60_000, maxKeys: 1_000 },
  );
  for (const priorities of [
    ['low', undefined],
    ['low', 'high', 'normal'],
    ['low', 'low'],
    ['low'],
  ] as const) {
    await Promise.all(priorities.map((priority, i) => batcher.find(`${i}`, priority && { priority })));
  }
  expect(seen).toEqual(['normal', 'high', 'low', 'low']);
});
