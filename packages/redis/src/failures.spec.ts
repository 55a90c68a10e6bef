import { printedForms } from '@quantumtrade/dal-conformance';
import { classifyFailure, isDatabaseRefusal, toDatabaseError } from './failures.js';

/** Creates an error as ioredis does: with the reply, and the command with its arguments. */
function reply(message: string, name = 'set'): Error {
  return Object.assign(new Error(message), {
    name: 'ReplyError',
    command: { name, args: ['key', 's3cr3t'] },
  });
}

const coded = (code: string) => Object.assign(new Error(`connect ${code} s3cr3t`), { code });

it.each([
  ['WRONGTYPE Operation against a key holding the wrong kind of value', 'CACHE', false],
  ["ERR unknown command 'x', with args beginning with: 's3cr3t'", 'CACHE', false],
  ['NOPERM this user has no permissions', 'CACHE', false],
  ['nonsense s3cr3t', 'CACHE', false],
  ["OOM command not allowed when used memory > 'maxmemory'.", 'CACHE', true],
  ["READONLY You can't write against a read only replica.", 'CACHE', true],
  ['MISCONF Redis is configured to save RDB snapshots', 'CACHE', true],
  ['LOADING Redis is loading the dataset in memory', 'CACHE', true],
  ['BUSY Redis is busy running a script', 'CACHE', true],
  ['CLUSTERDOWN The cluster is down', 'CACHE', true],
  ['WRONGPASS invalid username-password pair', 'CONNECTION', false],
  ['NOAUTH Authentication required.', 'CONNECTION', false],
])('classifyFailure maps %j to %s (retryable: %s) without showing arguments', (message, code, retryable) => {
  const error = toDatabaseError(classifyFailure(reply(message)), 'cache.set');
  expect(error).toMatchObject({ code, retryable, operation: 'cache.set' });
  expect(printedForms(error)).not.toContain('s3cr3t');
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
