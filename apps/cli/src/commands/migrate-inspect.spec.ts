import type { SchemaStatus } from '@quantumtrade/dal-domain';
import { EXIT } from '../exit-codes.js';
import { exitCodeFor, statusText } from './migrate-inspect.js';

const STATUS: SchemaStatus = {
  ...{ version: 1, newest: 2, applied: [{ version: 1, name: 'bars' }], pending: [] },
  unfinished: [
    { ...{ version: 2, name: 'notes', direction: 'up', done: 1, statements: 3 }, server: 'ch-2:8123' },
  ],
  servers: [
    { name: 'ch-1:8123', shard: '1', version: 2 },
    { name: 'ch-2:8123', shard: '2', version: 1 },
  ],
};
const DOWN = { name: 'ch-3:8123', shard: '3', error: 'no answer' };

it('status of a cluster names each server and where it stopped', () => {
  expect(statusText({ ...STATUS, servers: [...STATUS.servers!, DOWN] })).toBe(
    [
      'Schema is at version 1, the newest is 2.',
      'server     shard  version',
      '---------  -----  ---------------------',
      'ch-1:8123      1  2',
      'ch-2:8123      2  1',
      'ch-3:8123      3  not known (no answer)',
      'version  name   state',
      '-------  -----  ---------------------------------------------------------',
      '      1  bars   applied',
      '      2  notes  stopped on ch-2:8123 on its way up after statement 1 of 3',
    ].join('\n'),
  );
});

it('status fails when servers differ or one cannot be reached', () => {
  const unfinished: SchemaStatus['unfinished'] = [];
  expect(exitCodeFor(STATUS)).toBe(EXIT.data);
  expect(exitCodeFor({ ...STATUS, unfinished })).toBe(EXIT.data);
  expect(exitCodeFor({ ...STATUS, unfinished, servers: [DOWN] })).toBe(EXIT.connection);
  expect(exitCodeFor({ ...STATUS, unfinished, servers: STATUS.servers!.slice(1) })).toBe(EXIT.ok);
});
