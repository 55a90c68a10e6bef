import { printedForms } from '@quantumtrade/dal-conformance';
import { classifyFailure, isDatabaseRefusal, toDatabaseError } from './failures.js';
import { REPLY_ERRORS } from './reply-errors.js';

/** Creates an error as ioredis does: with the reply, and the command with its arguments. */
function reply(message: string, name = 'set'): Error {
  return Object.assign(new Error(message), {
    name: 'ReplyError',
    command: { name, args: ['key', 's3cr3t'] },
  });
}

const coded = (code: string) => Object.assign(new Error(`connect ${code} s3cr3t`), { code });

/** A reply with each code of the table, its domain error, and whether it is retryable. */
const replies: Readonly<Record<string, readonly [message: string, code: string, retryable: boolean]>> = {
  ASK: ['ASK 7 s3cr3t:6379', 'CACHE', false],
  BUSY: ['BUSY Redis is busy running a script', 'CACHE', true],
  CLUSTERDOWN: ['CLUSTERDOWN The cluster is down', 'CACHE', true],
  CROSSSLOT: ["CROSSSLOT Keys in request don't hash to the same slot", 'CACHE', false],
  DENIED: ['DENIED Redis is running in protected mode', 'CONNECTION', false],
  LOADING: ['LOADING Redis is loading the dataset in memory', 'CACHE', true],
  MASTERDOWN: ['MASTERDOWN Link with MASTER is down', 'CACHE', true],
  MAXCLIENTS: ['ERR max number of clients reached', 'CONNECTION', true],
  MISCONF: ['MISCONF Redis is configured to save RDB snapshots', 'CACHE', true],
  MOVED: ['MOVED 7 s3cr3t:6379', 'CACHE', false],
  NOAUTH: ['NOAUTH Authentication required.', 'CONNECTION', false],
  NOPERM: ['NOPERM this user has no permissions', 'CACHE', false],
  NOREPLICAS: ['NOREPLICAS Not enough good replicas to write.', 'CACHE', true],
  NOSCRIPT: ['NOSCRIPT No matching script.', 'CACHE', true],
  OOM: ["OOM command not allowed when used memory > 'maxmemory'.", 'CACHE', true],
  READONLY: ["READONLY You can't write against a read only replica.", 'CACHE', true],
  TRYAGAIN: ['TRYAGAIN Multiple keys request during rehashing of slot', 'CACHE', true],
  UNKILLABLE: ['UNKILLABLE Sorry the script already executed write commands', 'CACHE', true],
  WRONGPASS: ['WRONGPASS invalid username-password pair', 'CONNECTION', false],
  WRONGTYPE: ['WRONGTYPE Operation against a key holding the wrong kind of value', 'CACHE', false],
};

it.each(Object.keys(REPLY_ERRORS))('reply %s is treated as its row says', (replyCode) => {
  const [message, code, retryable] = replies[replyCode]!;
  const error = toDatabaseError(classifyFailure(reply(message)), 'cache.set');
  expect(error).toMatchObject({ code, retryable, operation: 'cache.set' });
  if (replyCode !== 'WRONGTYPE')
    expect(error.message).toMatch(new RegExp(` the server answered ${replyCode}$`));
  expect(printedForms(error)).not.toContain('s3cr3t');
  expect(classifyFailure(reply(message)).reconnects ?? false).toBe(
    ['READONLY', 'NOAUTH'].includes(replyCode),
  );
});

it.each([
  "ERR unknown command 'x', with args beginning with: 's3cr3t'",
  'nonsense s3cr3t',
  'NEWCODE s3cr3t',
  '',
])('reply %j without a row is not retryable', (message) => {
  const error = toDatabaseError(classifyFailure(reply(message)), 'cache.set');
  expect(error).toMatchObject({ code: 'CACHE', retryable: false });
  expect(printedForms(error)).not.toContain('s3cr3t');
});

it.each([
  ['ETIMEDOUT', true],
  ['DEPTH_ZERO_SELF_SIGNED_CERT', false],
  ['EPROTO', false],
  ['EIO', false],
  ['SOMETHING_NEW', false],
])('socket error %s becomes a ConnectionError (retryable: %s)', (code, retryable) => {
  expect(toDatabaseError(classifyFailure(coded(code)), 'cache.get')).toMatchObject({
    code: 'CONNECTION',
    retryable,
    message: `Connection failed: ${code}`,
  });
});

it('message ends with the endpoint when it is known', () => {
  const error = toDatabaseError(classifyFailure(coded('EPIPE')), 'cache.get', 'redis-1:6379');
  expect(error).toMatchObject({
    message: 'Connection failed: EPIPE at redis-1:6379',
    endpoint: 'redis-1:6379',
  });
});

it.each([
  [coded('ECONNREFUSED'), 'Connection failed: ECONNREFUSED'],
  [coded('ENOTFOUND'), 'Connection failed: ENOTFOUND'],
  [new Error('Connection is closed.'), 'Connection failed: the connection was lost'],
  [new Error('s3cr3t'), 'Connection failed: the connection was lost'],
  ['s3cr3t', 'Connection failed: the connection was lost'],
  [
    Object.assign(new Error('Failed to refresh slots cache.'), { lastNodeError: coded('ETIMEDOUT') }),
    'Connection failed: ETIMEDOUT',
  ],
])('classifyFailure maps %s to a retryable ConnectionError', (failure, message) => {
  expect(toDatabaseError(classifyFailure(failure), 'cache.get')).toMatchObject({
    code: 'CONNECTION',
    retryable: true,
    message,
  });
});

it('classifyFailure maps too many redirections to a retryable CacheError', () => {
  const error = new Error('Too many Cluster redirections. Last error: ReplyError: MOVED 7 s3cr3t:6379');
  expect(toDatabaseError(classifyFailure(error), 'cache.get')).toMatchObject({
    code: 'CACHE',
    retryable: true,
    message: expect.not.stringContaining('s3cr3t'),
  });
});

it('classifyFailure maps unavailable Sentinels to a retryable ConnectionError', () => {
  const error = new Error(
    'All sentinels are unreachable. Retrying from scratch after 50ms. Last error: s3cr3t',
  );
  const message = 'Connection failed: no Sentinel named the master';
  expect(toDatabaseError(classifyFailure(error), 'cache.get')).toMatchObject({
    code: 'CONNECTION',
    retryable: true,
    message,
  });
});

it('isDatabaseRefusal distinguishes a missing database from a refused login', () => {
  expect(isDatabaseRefusal(reply('ERR DB index is out of range', 'select'))).toBe(true);
  expect(isDatabaseRefusal(reply('NOAUTH Authentication required.', 'select'))).toBe(false);
  expect(isDatabaseRefusal(reply('ERR DB index is out of range', 'set'))).toBe(false);
  expect(isDatabaseRefusal(new Error('ERR'))).toBe(false);
});
