import { getEntryOrSet } from '../cache/cache-scripts.js';
import type { RedisCommands, RunCommand } from '../commands/redis-commands.js';
import { publishWrites } from './published-writes.js';

/** Creates commands that the test answers, and records what was sent. */
function slowRedis() {
  const sent: string[] = [];
  const answers: ((answer: unknown) => void)[] = [];
  const send = (name: string) => (first: unknown) => {
    sent.push(`${name} ${JSON.stringify(nameOf(first))}`);
    return new Promise((resolve) => answers.push(resolve));
  };
  const names = ['set', 'del', 'setMany', 'publish', 'evaluate'];
  const redis = Object.fromEntries(names.map((name) => [name, send(name)]));
  const run: RunCommand = (_operation, _options, command) =>
    command(redis as unknown as RedisCommands, () => false);
  return { run, sent, answer: (answer?: unknown) => answers.shift()!(answer) };
}

const nameOf = (sent: unknown) => (sent === getEntryOrSet ? getEntryOrSet.name : sent);

const ticks = () => new Promise((resolve) => setImmediate(resolve));

it.each([
  ['together with the write on a single server', false, 2],
  ['after the reply to the write in a cluster', true, 1],
])('publishWrites publishes %s', async (_, isCluster, sentAtOnce) => {
  const { run, sent, answer } = slowRedis();
  const done = publishWrites(run, 'p:', isCluster)('cache.delete', undefined, (redis) => redis.del(['a,b']));
  await ticks();
  expect(sent).toHaveLength(sentAtOnce);
  answer();
  await ticks();
  expect(sent).toEqual(['del ["a,b"]', 'publish "p:invalidated"']);
  answer();
  await done;
});

it('publishWrites publishes a conditional write only when its reply reports a write', async () => {
  for (const [answered, published] of [
    [null, ['publish "invalidated"']],
    ['a value', []],
  ] as const) {
    const { run, sent, answer } = slowRedis();
    const done = publishWrites(run, '', false)('cache.getEntryOrSet', undefined, (redis) =>
      redis.evaluate(getEntryOrSet, 'key', []),
    );
    await ticks();
    expect(sent).toEqual(['evaluate "qtdalGetWithTtlOrSet"']);
    answer(answered);
    await ticks();
    expect(sent.slice(1)).toEqual(published);
    if (published.length > 0) answer();
    expect(await done).toBe(answered);
  }
});

it('publishWrites publishes the keys of setMany after all of them are written', async () => {
  const { run, sent, answer } = slowRedis();
  const writes = [{ key: 'a', text: '1', ttlMs: 1 }];
  const done = publishWrites(run, '', false)('cache.setMany', undefined, (redis, isOver) =>
    redis.setMany(writes, isOver),
  );
  await ticks();
  expect(sent).toHaveLength(1);
  answer();
  await ticks();
  expect(sent.at(-1)).toBe('publish "invalidated"');
  answer();
  await done;
});

it.each([
  ['a key in a cluster', true, (redis: RedisCommands) => redis.del(['a'])],
  [
    'many keys',
    false,
    (redis: RedisCommands) => redis.setMany([{ key: 'a', text: '1', ttlMs: 1 }], () => false),
  ],
])('publishWrites publishes a failed write of %s', async (_, isCluster, write) => {
  const { run, sent, answer } = slowRedis();
  const done = publishWrites(run, '', isCluster)<unknown>('cache.write', undefined, write);
  const failed = expect(done).rejects.toThrow('lost');
  answer(Promise.reject(new Error('lost')));
  await ticks();
  expect(sent.at(-1)).toBe('publish "invalidated"');
  await failed;
});
