import type { RedisCommands, RunCommand } from '../client/commands.js';
import { publishedWrites } from './published-writes.js';

/** Commands that are answered when the test says so, and what was sent so far. */
function slowRedis() {
  const sent: string[] = [];
  const answers: (() => void)[] = [];
  const send = (name: string) => (first: unknown) => {
    sent.push(`${name} ${JSON.stringify(first)}`);
    return new Promise<never>((resolve) => answers.push(() => resolve(undefined as never)));
  };
  const redis = Object.fromEntries(['set', 'del', 'setAll', 'publish'].map((name) => [name, send(name)]));
  const run: RunCommand = (_operation, _options, command) =>
    command(redis as unknown as RedisCommands, () => false);
  return { run, sent, answer: () => answers.shift()!() };
}

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
