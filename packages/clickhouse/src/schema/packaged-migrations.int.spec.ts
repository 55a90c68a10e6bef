import { ConnectionError, records } from '@quantumtrade/dal-domain';
import { packagedMigrations } from '@quantumtrade/dal-migrations';
import type { Sql } from '../connection/sql.js';
import { loadMigrations } from './migration-files.js';
import { ClickHouseSchemaController } from './schema-controller.js';
import { dropOwnDatabases, intercepted, ownDatabase } from '../testing/own-schema.js';

afterAll(dropOwnDatabases);

const FRACTIONAL_VOLUMES = 9;
const UNDEFINED_METRICS = 10;
const OUTCOME_KEY = 11;
const CODECS = 12;

/** Creates the schema of an earlier release. */
async function schemaAt(version: number) {
  const sql = ownDatabase();
  const schema = new ClickHouseSchemaController(sql);
  await schema.migrate(version);
  return { sql, schema };
}

const insertBar = (sql: Sql, volume: string) =>
  sql.command(
    'test',
    `INSERT INTO market_data (symbol, timestamp, volume, source) SETTINGS async_insert = 0
     VALUES ('A', '2024-01-01 00:00:00.000', ${volume}, 'x')`,
  );

const volumes = async (sql: Sql) =>
  (await sql.rows<{ volume: string }>('test', 'SELECT toString(volume) AS volume FROM market_data')).map(
    ({ volume }) => volume,
  );

describe('migration 9', () => {
  it('migration 9 keeps every digit of volumes up and down', async () => {
    const { sql, schema } = await schemaAt(FRACTIONAL_VOLUMES - 1);
    await insertBar(sql, '18446744073709551615');
    await schema.migrate(FRACTIONAL_VOLUMES);
    expect(await volumes(sql)).toEqual(['18446744073709551615']);
    await schema.migrate(FRACTIONAL_VOLUMES - 1);
    expect(await volumes(sql)).toEqual(['18446744073709551615']);
  });

  it.each(['0.5', '18446744073709551616'])(
    'migration 9 refuses to cut %s on the way down',
    async (volume) => {
      const { sql, schema } = await schemaAt(FRACTIONAL_VOLUMES);
      await insertBar(sql, volume);
      expect(await schema.preview(FRACTIONAL_VOLUMES - 1)).toMatchObject({
        refusal: 'market_data has volumes that whole numbers of 64 bits do not hold',
      });
      await expect(schema.migrate(FRACTIONAL_VOLUMES - 1)).rejects.toThrow(
        /market_data has volumes that whole numbers of 64 bits do not hold/,
      );
      expect(await volumes(sql)).toEqual([volume]);
      await sql.command('test', 'TRUNCATE TABLE market_data');
      expect(await schema.preview(FRACTIONAL_VOLUMES - 1)).not.toHaveProperty('refusal');
      await schema.migrate(FRACTIONAL_VOLUMES - 1);
      expect(await schema.version()).toBe(FRACTIONAL_VOLUMES - 1);
    },
  );
});

describe('migration 10', () => {
  const insert = (sql: Sql, winRate: string) =>
    sql.command(
      'test',
      `INSERT INTO strategy_performance (strategy_name, market_regime, timestamp, win_rate) SETTINGS async_insert = 0
       VALUES ('s', 'r', '2024-01-01 00:00:00.000', ${winRate})`,
    );
  const winRates = (sql: Sql) => sql.rows('test', 'SELECT win_rate FROM strategy_performance FINAL');

  it('migration 10 keeps defined metrics up and down', async () => {
    const { sql, schema } = await schemaAt(UNDEFINED_METRICS - 1);
    await insert(sql, '0.5');
    await schema.migrate(UNDEFINED_METRICS);
    expect(await winRates(sql)).toEqual([{ win_rate: 0.5 }]);
    await schema.migrate(UNDEFINED_METRICS - 1);
    expect(await winRates(sql)).toEqual([{ win_rate: 0.5 }]);
  });

  it('migration 10 refuses undefined metrics on the way down', async () => {
    const { sql, schema } = await schemaAt(UNDEFINED_METRICS);
    await insert(sql, 'NULL');
    await expect(schema.migrate(UNDEFINED_METRICS - 1)).rejects.toThrow(/metrics that are undefined/);
    expect(await winRates(sql)).toEqual([{ win_rate: null }]);
  });
});

describe('migration 11', () => {
  const insert = (sql: Sql, symbol: string, month: string) =>
    sql.command(
      'test',
      `INSERT INTO prediction_outcomes (prediction_id, symbol, timestamp) SETTINGS async_insert = 0
       VALUES ('p', '${symbol}', '2024-${month}-01 00:00:00.000')`,
    );
  const outcomes = (sql: Sql) =>
    sql.rows(
      'test',
      'SELECT symbol, toMonth(timestamp) AS month FROM prediction_outcomes FINAL ORDER BY ALL',
    );

  /** Moves to a version in runs that die after each new statement, before it is recorded. Returns the number of deaths. */
  async function dyingAfterEachStatement(sql: Sql, version: number): Promise<number> {
    const executed = new Set<string>();
    for (let deaths = 0; ; deaths++) {
      const dying = intercepted(sql, async (query, operation) => {
        if (operation !== 'schema.migrate' || !query.includes('prediction_outcomes') || executed.has(query))
          return;
        executed.add(query);
        await sql.command(operation, query);
        throw new ConnectionError('gone', { operation });
      });
      const died = await new ClickHouseSchemaController(dying, { lock: { leaseMs: 500, pollMs: 20 } })
        .migrate(version)
        .then(
          () => false,
          (error: unknown) => {
            if (!/gone/.test(String(error))) throw error;
            return true;
          },
        );
      if (!died) return deaths;
    }
  }

  it('migration 11 keeps every outcome when killed after each statement', async () => {
    const { sql, schema } = await schemaAt(OUTCOME_KEY - 1);
    const all = [
      { symbol: 'A', month: 1 },
      { symbol: 'B', month: 2 },
    ];
    for (const { symbol, month } of all) await insert(sql, symbol, `0${month}`);
    const { up, down } = (await loadMigrations(packagedMigrations))[OUTCOME_KEY - 1]!;
    expect(await dyingAfterEachStatement(sql, OUTCOME_KEY)).toBe(up.length);
    expect(await outcomes(sql)).toEqual(all);
    await insert(sql, 'B', '01');
    await insert(sql, 'A', '01');
    expect(await outcomes(sql)).toHaveLength(3);
    const { refusal } = await schema.preview(OUTCOME_KEY - 3);
    expect(refusal).toMatch(/outcomes of several symbols/);
    expect(await schema.preview(0)).not.toHaveProperty('refusal');
    await expect(schema.migrate(OUTCOME_KEY - 1)).rejects.toThrow(/outcomes of several symbols/);
    await sql.command(
      'test',
      "DELETE FROM prediction_outcomes WHERE symbol = 'B' AND toMonth(timestamp) = 1",
    );
    expect(await dyingAfterEachStatement(sql, OUTCOME_KEY - 1)).toBe(down.length);
    expect(await outcomes(sql)).toEqual(all);
  });
});

describe('migration 12', () => {
  const codecs = (sql: Sql) =>
    sql.rows<{ table: string; columns: string }>(
      'test',
      `SELECT table, arrayStringConcat(groupArray(name), ', ') AS columns FROM system.columns
       WHERE database = {database:String} AND compression_codec NOT IN ('', 'CODEC(Default)')
       GROUP BY table ORDER BY table`,
      { database: sql.database },
    );

  it('migration 12 sets codecs of every record and takes them back', async () => {
    const { sql, schema } = await schemaAt(CODECS);
    await insertBar(sql, '0.5');
    expect((await codecs(sql)).map(({ table }) => table)).toEqual(
      Object.values(records)
        .map(({ table }) => table as string)
        .sort(),
    );
    await schema.migrate(CODECS - 1);
    expect(await codecs(sql)).toEqual([]);
    const { drift } = await schema.validate();
    expect(drift.map(({ object }) => object)).toEqual(['migration 12']);
    await schema.migrate(CODECS);
    expect(await volumes(sql)).toEqual(['0.5']);
  });

  it('migration 12 runs when each statement was executed before', async () => {
    const { sql, schema } = await schemaAt(CODECS);
    const { up, down } = (await loadMigrations(packagedMigrations))[CODECS - 1]!;
    for (const statement of [...down, ...down, ...up]) await sql.command('test', statement);
    expect(await schema.validate()).toEqual({ valid: true, version: CODECS, drift: [] });
  });
});
