import type { RedisCommands, RunCommand } from '../commands/commands.js';
import { getWithTtlOrSet } from '../cache/redis-cache.js';
import { publishedWrites } from './published-writes.js';

/** Commands that are answered when the test says so, and what was sent so far. */
function slowRedis() {
  const sent: string[] = [];
  const answers: ((answer: unknown) => void)[] = [];
  const send = (name: string) => (first: unknown) => {
    sent.push(`${name} ${JSON.stringify(nameOf(first))}`);
    return new Promise((resolve) => answers.push(resolve));
  };
  const names = ['set', 'del', 'setAll', 'publish', 'evaluate'];
  const redis = Object.fromEntries(names.map((name) => [name, send(name)]));
  const run: RunCommand = (_operation, _options, command) =>
    command(redis as unknown as RedisCommands, () => false);
  return { run, sent, answer: (answer?: unknown) => answers.shift()!(answer) };
}

const nameOf = (sent: unknown) => (sent === getWithTtlOrSet ? getWithTtlOrSet.name : sent);

const ticks = () => new Promise((resolve) => setImmediate(resolve));

it.each([
  ['together with the write, to one server, which keeps to the order', false, 2],
  ['after the write was answered, in a cluster, where nothing else orders them', true, 1],
])('publishes %s', async (_, isCluster, sentAtOnce) => {
  const { run, sent, answer } = slowRedis();
  const done = publishedWrites(run, 'p:', isCluster)('cache.delete', undefined, (redis) =>
    redis.del(['a,b']),
  );
  await ticks();
  expect(sent).toHaveLength(sentAtOnce);
  answer();
  await ticks();
  expect(sent).toEqual(['del ["a,b"]', 'publish "p:invalidated"']);
  answer();
  await done;
});

it('publishes what a script wrote that sometimes does not, once its answer tells', async () => {
  for (const [answered, published] of [
    [null, ['publish "invalidated"']],
    ['a value', []],
  ] as const) {
    const { run, sent, answer } = slowRedis();
    const done = publishedWrites(run, '', false)('cache.getEntryOrSet', undefined, (redis) =>
      redis.evaluate(getWithTtlOrSet, 'key', []),
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

it('publishes many keys after all of them are written, however many writes that took', async () => {
  const { run, sent, answer } = slowRedis();
  const writes = [{ key: 'a', text: '1', ttlMs: 1 }];
  const done = publishedWrites(run, '', false)('cache.setMany', undefined, (redis, isOver) =>
    redis.setAll(writes, isOver),
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
    (redis: RedisCommands) => redis.setAll([{ key: 'a', text: '1', ttlMs: 1 }], () => false),
  ],
])('publishes a write of %s that failed as well, for it may have been done', async (_, isCluster, write) => {
  const { run, sent, answer } = slowRedis();
  const done = publishedWrites(run, '', isCluster)<unknown>('cache.write', undefined, write);
  const failed = expect(done).rejects.toThrow('lost');
  answer(Promise.reject(new Error('lost')));
  await ticks();
  expect(sent.at(-1)).toBe('publish "invalidated"');
  await failed;
});
