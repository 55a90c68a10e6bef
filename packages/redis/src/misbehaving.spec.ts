import { anyValue } from '@quantumtrade/dal-domain';
import type { Socket } from 'node:net';
import { rejectionOf } from '@quantumtrade/dal-conformance';
import type { CacheBackend } from '@quantumtrade/dal-domain';
import { closeAll, connect } from './testing/connected.js';
import { ScriptedRedis } from './testing/scripted-redis.js';

const MAX_REPLY_BYTES = 1_000_000;

let server: ScriptedRedis;
beforeEach(async () => {
  server = await ScriptedRedis.start();
});
afterEach(async () => {
  await closeAll();
  server.stop();
});

const open = (): CacheBackend =>
  connect({ url: server.url, maxReplyBytes: MAX_REPLY_BYTES, budgetMs: 600_000 });

/** Answers the first command of a name with a text, repeated until the connection ends if endless. */
function answerOnce(name: string, text: string, isEndless = false): void {
  let isDone = false;
  server.reply = ([command], socket) => {
    if (isDone || command?.toLowerCase() !== name) return undefined;
    isDone = true;
    if (!isEndless) return text;
    const send = () => {
      while (socket.writable && socket.write(text, 'latin1'));
      if (socket.writable) socket.once('drain', send);
    };
    send();
    return '';
  };
}

async function untilItAnswers({ cache }: CacheBackend): Promise<void> {
  for (;;) {
    const answer = await cache.get('key', anyValue).catch(() => undefined);
    if (answer === 'right') return;
    await new Promise((resolve) => setTimeout(resolve, 5));
  }
}

const MB = 'x'.repeat(65_536);

it.each<[string, string, isEndless: boolean]>([
  ['another protocol', 'HTTP/1.1 400 Bad Request\r\n\r\n', false],
  ['garbage', '\0\x01\x02\r\n', false],
  ['a length that is not a number', '$five\r\n', false],
  ['a list of four thousand million items', '*4294967296\r\n', false],
  ['a text of a terabyte', '$1099511627776\r\n', false],
  ['a text that is too long for the limit', `$${MAX_REPLY_BYTES + 1}\r\n`, false],
  ['a line without an end', '+' + MB, true],
  ['numbers without an end in a list', '*1000000\r\n' + ':1\r\n'.repeat(20_000), true],
  ['lists in lists without an end', '*1\r\n'.repeat(10_000), true],
  ['a reply of another type', '*1\r\n$1\r\nx\r\n', false],
  ['a number for a text', ':5\r\n', false],
])('%s fails the call with CacheError, and the client reconnects', async (_, text, isEndless) => {
  const backend = open();
  await untilItAnswers(backend);
  answerOnce('get', text, isEndless);
  const error = await rejectionOf(() => backend.cache.get('key', anyValue));
  expect([error.code, error.retryable, error.message]).toEqual([
    'CACHE',
    true,
    `Cache operation failed: cache.get - the server sent an unexpected reply at ${new URL(server.url).host}`,
  ]);
  await untilItAnswers(backend);
  expect(server.connections).toBeGreaterThan(1);
});

it.each<[string, (backend: CacheBackend) => Promise<unknown>, string]>([
  ['getEntry', ({ cache }) => cache.getEntry('key', anyValue), '*1\r\n*2\r\n:1\r\n:2\r\n'],
  ['getEntry, without a list', ({ cache }) => cache.getEntry('key', anyValue), '+OK\r\n'],
  ['delete', ({ cache }) => cache.delete('key'), '*1\r\n$1\r\nx\r\n'],
  ['setIfNewer', ({ cache }) => cache.setIfNewer('key', { timestamp: '2024-01-01T00:00:00Z' }, 60), '*0\r\n'],
  [
    'consume',
    ({ rateLimiter }) => rateLimiter.consume({ userId: 'u', endpoint: 'e', limit: 1 }),
    '*1\r\n:5\r\n',
  ],
  ['recent', ({ marketStream }) => marketStream.recent('A', 1), '*1\r\n$1\r\nx\r\n'],
  ['getEntries', ({ cache }) => cache.getEntries(['a', 'b'], anyValue), '*1\r\n$-1\r\n'],
])('%s fails with CacheError when its script returns another type', async (_, call, text) => {
  const backend = open();
  await backend.probe.ping();
  server.reply = ([command]) => (/^evalsha/i.test(command!) ? text : undefined);
  expect(await rejectionOf(() => call(backend))).toMatchObject({ code: 'CACHE', retryable: true });
  await untilItAnswers(backend);
});

it('getMany fails with CacheError when the list is too short', async () => {
  const backend = open();
  await backend.probe.ping();
  server.reply = ([command]) => (command === 'mget' ? '*1\r\n$1\r\n1\r\n' : undefined);
  expect((await rejectionOf(() => backend.cache.getMany(['a', 'b'], anyValue))).code).toBe('CACHE');
});

it('a reply without a request closes the connection, and the client reconnects', async () => {
  const backend = open();
  let socket: Socket | undefined;
  server.reply = (_, its) => void (socket = its);
  await backend.probe.ping();
  const before = server.connections;
  socket!.write('+surprise\r\n');
  while (server.connections === before) await new Promise((resolve) => setTimeout(resolve, 5));
  await untilItAnswers(backend);
});

it.each<[string, string]>([
  ['a message without parts', '*1\r\n$-1\r\n'],
  ['an empty list', '*0\r\n'],
  ['a message of another type', '*3\r\n$7\r\nmessage\r\n$20\r\n__redis__:invalidate\r\n*2\r\n:1\r\n$-1\r\n'],
  ['garbage', '%%%%\r\n'],
])('a push that is %s invalidates everything', async (_, text) => {
  const backend = open();
  let subscriber: Socket | undefined;
  server.reply = ([command], socket) => {
    if (command?.toLowerCase() === 'subscribe') subscriber = socket;
    return undefined;
  };
  const events: unknown[] = [];
  const stop = backend.invalidations.listen({
    onConnected: () => events.push('connected'),
    onDisconnected: () => events.push('disconnected'),
    onInvalidated: (keys) => events.push(keys),
  });
  const until = async (isDone: () => boolean) => {
    while (!isDone()) await new Promise((resolve) => setTimeout(resolve, 5));
  };
  await until(() => events.includes('connected'));
  subscriber!.write(text, 'latin1');
  // Either everything is invalidated, or the connection is reopened, which invalidates everything too.
  await until(() => events.includes('all') || events.filter((each) => each === 'connected').length === 2);
  stop();
  await untilItAnswers(backend);
});
