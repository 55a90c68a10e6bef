import { marketData, planColumns, planPage, prediction, strategyPerformance } from '@quantumtrade/dal-domain';
import type { RecordDefinition } from '@quantumtrade/dal-domain';
import { planRows, planRowsAgain, planSingleVersions } from './plan-rows.js';
import { plainRows } from './row-query.js';
import { toSql } from './table-query.js';

/** A record of which all fields of the key can be given. */
const sourceAlone: RecordDefinition = { ...marketData, key: ['symbol', 'source'] };

const readOf = (definition: RecordDefinition, params: object, after?: readonly (string | number)[]) => ({
  plan: { ...planPage(definition, params, 'test', 10), after },
  limit: 11,
});
const planned = (definition: RecordDefinition, params: object, after?: readonly (string | number)[]) =>
  planRows(readOf(definition, params, after));
const namesOf = ({ rules }: ReturnType<typeof planRows>) => rules.map(({ rule }) => rule);

it('binds the instant of a position as epoch milliseconds', () => {
  const plain = plainRows(readOf(marketData, {}, ['A', 5, 'vendor']));
  expect(toSql(plain)).toContain(
    "(symbol, timestamp, source) > ({after0:String}, fromUnixTimestamp64Milli({after1:Int64}, 'UTC'), {after2:String})",
  );
  expect(plain.params).toEqual({ after0: 'A', after1: 5, after2: 'vendor' });
});

it('reads a page in key order in the order of the table', () => {
  const query = planned(marketData, {});
  expect(namesOf(query)).toEqual(['key-order']);
  expect(query.sql).toMatch(
    /FROM market_data FINAL ORDER BY symbol ASC, timestamp ASC, source ASC LIMIT 11$/,
  );
  expect(query.settings).toEqual({ max_threads: 1, max_block_size: 1_024 });
});

it('compares the position after a cursor column by column', () => {
  const query = planned(marketData, {}, ['A', 5, 'vendor']);
  expect(namesOf(query)).toEqual(['keyset-range', 'key-order']);
  expect(query.sql).toContain(
    '(symbol > {after0:String} OR (symbol = {after0:String} AND (timestamp > ' +
      "fromUnixTimestamp64Milli({after1:Int64}, 'UTC') OR",
  );
});

it('orders the rows of one symbol without the symbol', () => {
  const query = planned(marketData, { symbol: 'A' }, [5, 'A', 'vendor']);
  expect(namesOf(query)).toEqual(['fixed-fields', 'keyset-range', 'key-order']);
  expect(query.sql).toContain('ORDER BY timestamp ASC, source ASC LIMIT 11');
});

it('finds nothing after the only row of a key', () => {
  const filters = { source: 'vendor' };
  const query = planned(sourceAlone, { symbol: 'A', filters, order: 'key' }, ['A', 'vendor']);
  expect(query.sql).toContain('WHERE symbol = {symbol:String} AND source = {source:String} AND false');
});

it('sorts the rows of one symbol in a short range', () => {
  const query = planned(marketData, { symbol: 'A', startTime: 0, endTime: 86_400_000 });
  expect(namesOf(query)).toEqual(['fixed-fields', 'short-range']);
  expect(query.settings).toEqual({ max_threads: 1, optimize_read_in_order: 0 });
});

it('chooses the newest versions itself in descending order', () => {
  const query = planned(marketData, { direction: 'descending' });
  expect(namesOf(query)).toEqual(['newest-versions']);
  expect(query.sql).toMatch(
    /FROM market_data ORDER BY .*, written_at DESC LIMIT 1 BY symbol, timestamp, source LIMIT 11$/,
  );
});

it('merges versions when a condition is on another field than the key', () => {
  const filters = { modelVersion: 'm' };
  const query = planned(prediction, { filters, order: 'key', direction: 'descending' });
  expect(namesOf(query)).toEqual([]);
  expect(query.sql).toContain('FINAL');
});

it('applies no rule of the key order to rows in time order', () => {
  expect(namesOf(planned(marketData, { order: 'time' }))).toEqual([]);
});

it('plans no key order where the engine orders UUIDs its own way', () => {
  expect(namesOf(planned(strategyPerformance, {}))).toEqual([]);
});

describe('in any order', () => {
  const read = (params: object, limit?: number) => ({
    plan: planColumns(marketData, { order: 'none', ...params }, 'test'),
    limit,
  });

  it('rows are merged, not sorted, and have only the selected columns', () => {
    const day = { symbol: 'A', startTime: 0, endTime: 86_400_000 };
    for (const params of [{}, day]) {
      const query = planRows(read({ ...params, select: ['close'] }, 100_000));
      expect(query.sql).toMatch(/^SELECT close FROM market_data FINAL (WHERE .* )?LIMIT 100000$/);
      expect([namesOf(query), query.settings]).toEqual([[], {}]);
    }
    expect(planSingleVersions(read({}, 100_000))).toBeUndefined();
  });

  it('a few rows are read by one thread in small blocks', () => {
    const query = planRows(read({}, 11));
    expect(namesOf(query)).toEqual(['any-order']);
    expect(query.settings).toEqual({ max_threads: 1, max_block_size: 1_024 });
  });

  it('rows are read again in slices of time', () => {
    const query = planRowsAgain(read({}), 'time')!;
    expect([query.division, namesOf(query)]).toEqual(['slices', ['time-slices']]);
    expect(query.sql).not.toContain('ORDER BY');
  });
});

describe('single versions', () => {
  const single = (definition: RecordDefinition, params: object, limit = 100_000) =>
    planSingleVersions({ ...readOf(definition, params), limit });

  it('are read in the order of the key, the newest first', () => {
    const query = single(marketData, { symbol: 'A' })!;
    expect(namesOf(query)).toEqual(['fixed-fields', 'single-versions']);
    expect(query.sql).toMatch(
      /FROM market_data WHERE .* ORDER BY timestamp ASC, source ASC, written_at DESC LIMIT 100000$/,
    );
  });

  it('are not read where merging costs little or the order is another', () => {
    const day = { symbol: 'A', startTime: 0, endTime: 86_400_000 };
    expect(single(marketData, {}, 20_000)).toBeUndefined();
    expect(single(marketData, day)).toBeUndefined();
    expect(single(marketData, { order: 'time' })).toBeUndefined();
    expect(single(marketData, { direction: 'descending' })).toBeUndefined();
  });

  it('are not read where a condition could hide the newest version', () => {
    const filters = { modelVersion: 'm' };
    expect(single(prediction, { order: 'key' })).toBeDefined();
    expect(single(prediction, { filters, order: 'key' })).toBeUndefined();
  });
});
