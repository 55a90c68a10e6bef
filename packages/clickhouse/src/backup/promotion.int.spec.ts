import { copySchema } from '@quantumtrade/dal-testing/clickhouse';
import { bars } from '@quantumtrade/dal-testing/records';
import { intercepted, tablesOf } from '../testing/own-schema.js';
import type { OwnBackend } from '../testing/own-backend.js';
import { openWithSideDatabases } from '../testing/side-databases.js';
import { promote } from './promotion.js';

let own: OwnBackend;
let side: string;
let former: string;
beforeEach(async () => {
  own = await openWithSideDatabases();
  const { database } = own.settings;
  [side, former] = [`${database}_side`, `${database}_former`];
  await own.backend.marketData.insert(bars(['A', 'B', 'C']));
  await copySchema(own.settings, database, side);
  await own.sql.command(
    'test',
    `INSERT INTO ${side}.market_data SELECT * FROM market_data WHERE symbol = 'A'`,
  );
});
afterEach(() => own.close());

const rowsIn = async (database: string) => {
  const [found] = await own.sql
    .on(database)
    .rows<{ rows: bigint }>('test', 'SELECT count() AS rows FROM market_data');
  return Number(found!.rows);
};

it('promotion exchanges the tables and keeps the former ones', async () => {
  const before = await tablesOf(own.sql, '%a%');
  await own.backend.backups.promote(side, former);
  expect([await rowsIn(own.settings.database), await rowsIn(former)]).toEqual([1, 3]);
  const isTable = (name: string) => !name.startsWith('schema_migrations_lock');
  expect((await tablesOf(own.sql, '%a%')).filter(isTable)).toEqual(before.filter(isTable));
  expect(await tablesOf(own.sql.on(side))).toEqual([]);
  expect(await own.backend.schema.validate()).toMatchObject({ valid: true });
});

it.each(['refused', 'carried out'])('promotion goes on after any statement that fails, %s', async (what) => {
  const isChange = (query: string) => /^(RENAME|EXCHANGE|CREATE DATABASE|DROP DATABASE)/.test(query);
  let attempts = 0;
  for (let failure: unknown = 'none yet'; failure !== undefined;) {
    let calls = 0;
    const failing = intercepted(own.sql, async (query, operation, params) => {
      // The first one creates the database in use where it is missing.
      if (!isChange(query) || ++calls < 3) return;
      if (what === 'carried out') await own.sql.on('system').command(operation, query, params);
      throw new Error('cut');
    });
    failure = await promote([failing], side, former, {}).then(
      () => undefined,
      (error: unknown) => error,
    );
    expect(await tablesOf(own.sql, 'market_data')).toEqual(['market_data']);
    if (failure !== undefined) expect(String(failure)).toBe('Error: cut');
    expect(++attempts).toBeLessThan(30);
  }
  expect(attempts).toBeGreaterThan(5);
  expect([await rowsIn(own.settings.database), await rowsIn(former)]).toEqual([1, 3]);
  expect(await own.backend.schema.validate()).toMatchObject({ valid: true });
});

it('readers always find a table during a promotion', async () => {
  let isDone = false;
  const counts = new Set<number>();
  const reading = (async () => {
    while (!isDone) counts.add(await rowsIn(own.settings.database));
  })();
  await own.backend.backups.promote(side, former);
  isDone = true;
  await reading;
  counts.add(await rowsIn(own.settings.database));
  expect([...counts].filter((rows) => rows !== 1 && rows !== 3)).toEqual([]);
});

it('promotion into a database without tables moves the restored ones', async () => {
  const { database } = own.settings;
  await own.sql.on('system').command('test', `DROP DATABASE ${database} SYNC`);
  await own.backend.backups.promote(side, former);
  expect(await rowsIn(database)).toBe(1);
  expect(await own.backend.schema.version()).toBeGreaterThan(0);
});

it.each(['full', 'empty'])('a later restore is not taken for a promotion that stopped, %s', async (what) => {
  const { database } = own.settings;
  if (what === 'empty') await own.sql.on('system').command('test', `DROP DATABASE ${database} SYNC`);
  await own.backend.backups.promote(side, former);
  await copySchema(own.settings, database, side);
  await expect(own.backend.backups.promote(side, former)).rejects.toMatchObject({ field: 'keepAs' });
  expect([await rowsIn(database), await rowsIn(side)]).toEqual([1, 0]);
});

it('promotion refuses its own databases as the one to keep', async () => {
  for (const keepAs of [side, own.settings.database]) {
    await expect(own.backend.backups.promote(side, keepAs)).rejects.toMatchObject({
      code: 'VALIDATION',
      field: 'keepAs',
    });
  }
  expect(await rowsIn(own.settings.database)).toBe(3);
});
