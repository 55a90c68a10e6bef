import { ConnectionError } from '@quantumtrade/dal-domain';
import { REPLICATED } from '../cluster/replicated-form.js';
import type { MigrationStep, Progress } from './history.js';
import { HistoryState } from './history.js';
import type { Migration } from './migration-files.js';
import { migrateCopies, type LockedSchema } from './migration-run.js';
import type { ServerSchema } from './server-schema.js';
import { PLAIN, type TableForm } from './table-form.js';

const migration = (version: number, up: string[], down: string[]): Migration => ({
  ...{ version, name: `m${version}`, checksum: `${version}`, up, down },
});
const CREATE = 'CREATE TABLE IF NOT EXISTS t (a UInt8) ENGINE = MergeTree ORDER BY a';
const ADD = 'ALTER TABLE t ADD COLUMN IF NOT EXISTS b UInt8';
const MIGRATIONS = [
  migration(1, [CREATE], ['DROP TABLE IF EXISTS t']),
  migration(2, [ADD, 'SELECT 1', 'INSERT INTO t SELECT * FROM u'], ['ALTER TABLE t DROP COLUMN IF EXISTS b']),
];

/** Copies of a shard, the statements that they ran, and what each recorded. */
function fakeCopies(form: TableForm, isLost: (text: string) => boolean = () => false) {
  const ran: string[] = [];
  const recorded = new Map<string, Progress[]>();
  const copyOf = (name: string): LockedSchema => {
    const entries: Progress[] = [];
    recorded.set(name, entries);
    const schema = {
      ...{ name, form },
      sql: {
        database: 'd',
        on: () => ({ rows: async () => [] }),
        command: async (operation: string, text: string) => {
          ran.push(`${name} ${text.replace(/^((?:\w+ ){2}).*/s, '$1').trim()}`);
          if (isLost(ran.at(-1)!)) throw new ConnectionError('gone', { operation });
        },
      },
      history: {
        create: async () => undefined,
        read: async () => new HistoryState(entries),
        record: async (
          _: number,
          { migration: { version, name: of, checksum, ...files }, direction }: MigrationStep,
          done: number,
        ) =>
          void entries.push({
            ...{ version, name: of, checksum, direction, done },
            statements: files[direction].length,
            appliedAt: new Date(0),
          }),
      },
    } as unknown as ServerSchema;
    return { schema, lease: { confirm: async () => undefined } };
  };
  const copies = ['a', 'b'].map(copyOf);
  const progress = () =>
    [...recorded.values()].map((entries) =>
      entries.map(({ version, direction, done }) => `${direction} ${version}.${done}`),
    );
  return { copies, ran, progress, move: (target = 2) => migrateCopies(copies, target, MIGRATIONS, {}) };
}

it('copies run a statement before any of them runs the next', async () => {
  const { ran, progress, move } = fakeCopies(REPLICATED);
  await move();
  expect(ran).toEqual([
    ...['a CREATE TABLE', 'b CREATE TABLE'],
    'a ALTER TABLE',
    ...['a SELECT 1', 'b SELECT 1'],
    ...['a SYSTEM SYNC', 'a INSERT INTO'],
  ]);
  const all = ['up 1.1', 'up 2.1', 'up 2.2', 'up 2.3'];
  expect(progress()).toEqual([all, all]);
});

it('plain tables are changed on every server', async () => {
  const { ran, move } = fakeCopies(PLAIN);
  await move();
  expect(ran.filter((text) => text.endsWith('ALTER TABLE'))).toEqual(['a ALTER TABLE', 'b ALTER TABLE']);
});

it('copies go on at the statement that one of them lacks', async () => {
  let isFailing = true;
  const { ran, progress, move } = fakeCopies(REPLICATED, (text) => isFailing && text === 'b SELECT 1');
  await expect(move()).rejects.toMatchObject({ code: 'CONNECTION' });
  expect(progress()).toEqual([
    ['up 1.1', 'up 2.1', 'up 2.2'],
    ['up 1.1', 'up 2.1'],
  ]);
  isFailing = false;
  ran.length = 0;
  await move();
  expect(ran).toEqual(['b SELECT 1', 'a SYSTEM SYNC', 'a INSERT INTO']);
  expect(progress().map((entries) => entries.at(-1))).toEqual(['up 2.3', 'up 2.3']);
});

it('tables are emptied once for all copies on the way to 0', async () => {
  const { ran, progress, move } = fakeCopies(REPLICATED);
  await move();
  ran.length = 0;
  await move(0);
  expect(ran).toEqual(['a TRUNCATE TABLE', 'a ALTER TABLE', 'a DROP TABLE', 'b DROP TABLE']);
  expect(progress().map((entries) => entries.slice(-2))).toEqual([
    ['down 2.1', 'down 1.1'],
    ['down 2.1', 'down 1.1'],
  ]);
});
