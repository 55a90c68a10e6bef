import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { setTimeout as sleep } from 'node:timers/promises';
import { ConnectionError } from '@quantumtrade/dal-domain';
import { packagedMigrations } from '@quantumtrade/dal-migrations';
import type { Sql } from '../connection/sql.js';
import { MigrationLock } from './lock.js';
import { loadMigrations } from './migration-files.js';
import { ClickHouseSchemaController } from './schema-controller.js';
import {
  dropOwnDatabases,
  intercepted,
  migrationsFolder,
  ownDatabase,
  tablesOf,
} from '../testing/own-schema.js';

afterAll(dropOwnDatabases);

const QUICK = { leaseMs: 1500, pollMs: 20 };
const TWO_STATEMENTS = {
  '0001_ab.up.sql': `
CREATE TABLE IF NOT EXISTS a (x UInt8) ENGINE = MergeTree ORDER BY x;
CREATE TABLE IF NOT EXISTS b (x UInt8) ENGINE = MergeTree ORDER BY x;
`,
  '0001_ab.down.sql': 'DROP TABLE IF EXISTS b;\nDROP TABLE IF EXISTS a;',
};

async function databaseThatExists() {
  const sql = ownDatabase();
  await sql.on('system').command('test', 'CREATE DATABASE {database:Identifier}', { database: sql.database });
  return sql;
}

const lockOf = (sql: Sql, options = {}) =>
  new MigrationLock(sql.on('system'), sql.database, { ...QUICK, ...options });

/** Returns a promise and the function that resolves it. */
function signal() {
  let give!: () => void;
  const given = new Promise<void>((resolve) => (give = resolve));
  return { given, give };
}

it('lock admits one process at a time', async () => {
  const sql = await databaseThatExists();
  const log: string[] = [];
  const work = (name: string) => async () => {
    log.push(`${name} in`);
    await sleep(30);
    log.push(`${name} out`);
  };
  await Promise.all(
    ['a', 'b', 'c', 'd'].map((name) => lockOf(ownDatabase(sql.database)).run({}, work(name))),
  );
  expect(log).toHaveLength(8);
  for (let i = 0; i < log.length; i += 2) expect(log[i + 1]).toBe(log[i]!.replace('in', 'out'));
});

it('lock admits one call at a time when calls share it', async () => {
  const lock = lockOf(await databaseThatExists());
  let inside = 0;
  const work = async () => {
    expect(++inside).toBe(1);
    await sleep(20);
    inside--;
  };
  await Promise.all([lock.run({}, work), lock.run({}, work), lock.run({}, work)]);
});

it('lock is released after failed work and leaves one table', async () => {
  const sql = await databaseThatExists();
  const lock = lockOf(sql, { waitMs: 0 });
  for (let i = 0; i < 3; i++) {
    await expect(lock.run({}, () => Promise.reject(new Error('failed')))).rejects.toThrow('failed');
  }
  expect(await tablesOf(sql)).toEqual(['schema_migrations_lock_3']);
});

it('lock times out while a live owner renews its lease', async () => {
  const sql = await databaseThatExists();
  const held = signal();
  const done = signal();
  const owner = lockOf(sql).run({}, async (lease) => {
    held.give();
    await done.given;
    await lease.confirm(1, {});
  });
  await held.given;
  const never = () => Promise.reject(new Error('got in'));
  const beyondLease = { deadline: Date.now() + QUICK.leaseMs + 3000 };
  await expect(lockOf(sql).run(beyondLease, never)).rejects.toMatchObject({
    code: 'TIMEOUT',
  });
  const impatient = lockOf(sql, { waitMs: 50 });
  await expect(impatient.run({}, never)).rejects.toMatchObject({ code: 'TIMEOUT' });
  const aborted = new AbortController();
  const waiting = lockOf(sql).run({ signal: aborted.signal }, never);
  const reason = new Error('enough');
  setTimeout(() => aborted.abort(reason), 50);
  await expect(waiting).rejects.toBe(reason);
  done.give();
  await owner;
});

it('lock rejects with the error of a failed creation', async () => {
  const failure = new ConnectionError('gone', { operation: 'test' });
  const sql = intercepted(await databaseThatExists(), (query) => {
    if (query.startsWith('CREATE TABLE')) throw failure;
  });
  await expect(lockOf(sql).run({}, () => Promise.resolve())).rejects.toBe(failure);
});

it('silent owner stops before its next statement', async () => {
  const sql = ownDatabase();
  const silent = intercepted(sql, async (query) => {
    if (query.startsWith('ALTER TABLE')) throw new ConnectionError('gone', { operation: 'test' });
    if (query.startsWith('CREATE TABLE IF NOT EXISTS a')) {
      await lockOf(ownDatabase(sql.database)).run({}, () => Promise.resolve());
    }
  });
  const schema = new ClickHouseSchemaController(silent, {
    migrationsDirectory: migrationsFolder(TWO_STATEMENTS),
    lock: QUICK,
  });
  await expect(schema.initialize()).rejects.toMatchObject({
    code: 'MIGRATION',
    version: 1,
    retryable: true,
    message: expect.stringContaining('another process took it over'),
  });
  expect(await tablesOf(sql, '_')).toEqual(['a']);
});

it('owner stops when its heartbeat failed', async () => {
  const sql = intercepted(await databaseThatExists(), (query) => {
    if (query.startsWith('ALTER TABLE')) throw new ConnectionError('gone', { operation: 'test' });
  });
  const work = lockOf(sql, { leaseMs: 200 }).run({}, async (lease) => {
    await sleep(1500);
    await lease.confirm(4, {});
  });
  await expect(work).rejects.toMatchObject({ version: 4, message: expect.stringContaining('heartbeat') });
});

/** Starts a process that initializes the schema and hangs before the matching statements. */
function migrating(database: string, migrationsDirectory?: string, hangBefore = 'nothing') {
  const script = `
    import { ClickHouseSchemaController } from '${new URL('./schema-controller.ts', import.meta.url)}';
    import { intercepted, ownDatabase } from '${new URL('../testing/own-schema.ts', import.meta.url)}';
    const alive = setInterval(() => {}, 1000);
    let run = 0;
    const sql = intercepted(ownDatabase('${database}'), async (query, operation) => {
      if (operation !== 'schema.migrate' || query.startsWith('CREATE DATABASE')) return;
      run++;
      if (!query.includes('${hangBefore}')) return;
      process.send('hanging');
      await new Promise(() => {});
    });
    const schema = new ClickHouseSchemaController(sql, {
      migrationsDirectory: ${JSON.stringify(migrationsDirectory)},
      lock: ${JSON.stringify(migrationsDirectory && QUICK)},
    });
    await schema.initialize();
    process.send(run);
    process.disconnect();
    process.exit();`;
  return spawn(
    process.execPath,
    ['--import', 'tsx', '--conditions=@quantumtrade/source', '--input-type=module', '--eval', script],
    { stdio: ['ignore', 'ignore', 'inherit', 'ipc'], env: { ...process.env, NODE_OPTIONS: '' } },
  );
}

it('concurrent initialize runs each statement once', async () => {
  const sql = ownDatabase();
  const migrations = await loadMigrations(packagedMigrations);
  const statements = migrations.reduce((sum, { up }) => sum + up.length, 0);
  const processes = [1, 2, 3].map(() => migrating(sql.database));
  const answers = await Promise.all(
    processes.map(async (child) => (await once(child, 'message'))[0] as number),
  );
  expect(answers.sort()).toEqual([0, 0, statements]);
  expect(await new ClickHouseSchemaController(sql).validate()).toEqual({
    valid: true,
    version: migrations.length,
    drift: [],
  });
});

it('initialize resumes where a killed process stopped', async () => {
  const sql = ownDatabase();
  const migrationsDirectory = migrationsFolder(TWO_STATEMENTS);
  const child = migrating(sql.database, migrationsDirectory, 'EXISTS b');
  await once(child, 'message');
  child.kill('SIGKILL');
  await once(child, 'exit');
  const statements: string[] = [];
  const watching = intercepted(sql, (query, operation) => {
    if (operation === 'schema.migrate' && query.includes('EXISTS')) statements.push(query);
  });
  const schema = new ClickHouseSchemaController(watching, { migrationsDirectory, lock: QUICK });
  await schema.initialize();
  expect(statements.filter((statement) => statement.startsWith('CREATE TABLE'))).toEqual([
    'CREATE TABLE IF NOT EXISTS b (x UInt8) ENGINE = MergeTree ORDER BY x',
  ]);
  expect(await schema.validate()).toEqual({ valid: true, version: 1, drift: [] });
});
