import { ConnectionError, QueryError } from '@quantumtrade/dal-domain';
import { ForeignAnswerError } from '../answer-errors.js';
import { classifyFailure } from '../classify-failure.js';
import { ServerError } from '../server-errors.js';
import { errorCodeOf, evidenceOf } from './evidence.js';

const socketError = (code: string) => Object.assign(new Error('failed'), { code });
const details = { operation: 'test' };

it.each([
  ['a broken connection', socketError('ECONNRESET'), 'connection-error'],
  [
    'a gateway that fails',
    new ForeignAnswerError({ status: 502, headers: {} }, 'failed'),
    'connection-error',
  ],
  ['a server that does not answer', new ConnectionError('no answer', details), 'connection-error'],
  ['a refused login', new ServerError(516, ''), 'server-error'],
  ['an overloaded server', new ServerError(202, ''), 'server-error'],
  ['a server that cannot reach a shard', new ServerError(279, ''), 'server-error'],
  ['a damaged copy', new ServerError(40, ''), 'server-error'],
  ['a missing table, which may be wrong in the query', new ServerError(60, ''), 'answer'],
  ['a wrong query', new ServerError(62, ''), 'answer'],
  ['a query above a limit', new QueryError('SELECT 1', 'too large', details), 'answer'],
  ['a host without sockets', socketError('EMFILE'), undefined],
])('%s is evidence about the server', (_case, error, evidence) => {
  expect(evidenceOf(classifyFailure(error))).toBe(evidence);
});

it('code of a connection error is that of the system', () => {
  expect(errorCodeOf(classifyFailure(socketError('ECONNREFUSED')))).toBe('ECONNREFUSED');
  expect(errorCodeOf(classifyFailure(new ServerError(202, '')))).toBe('QUERY');
});
