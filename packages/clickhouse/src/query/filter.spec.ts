import type { RecordDefinition } from '@quantumtrade/dal-domain';
import { marketData, planPage, sentiment, strategyPerformance } from '@quantumtrade/dal-domain';
import { filterOf } from './filter.js';

const planQuery = (definition: RecordDefinition, params: object) => planPage(definition, params, 'test', 1);

it('asks for everything when nothing is given', () => {
  expect(filterOf(planQuery(marketData, {}))).toEqual({ where: '', params: {} });
});

it('binds every value and takes names from the record alone', () => {
  const params = { symbol: "x' OR 1=1 --", startTime: 5, endTime: 9, filters: { source: '{y:String}' } };
  expect(filterOf(planQuery(marketData, params))).toEqual({
    where:
      'WHERE symbol = {symbol:String} AND source = {source:String}' +
      " AND timestamp >= fromUnixTimestamp64Milli({startTime:Int64}, 'UTC')" +
      " AND timestamp < fromUnixTimestamp64Milli({endTime:Int64}, 'UTC')",
    params: { symbol: "x' OR 1=1 --", source: '{y:String}', startTime: 5, endTime: 9 },
  });
});

it('binds values with the type of their column', () => {
  const byHash = planQuery(sentiment, { filters: { contentHash: '18446744073709551615' } });
  expect(filterOf(byHash)).toEqual({
    where: 'WHERE content_hash = {contentHash:UInt64}',
    params: { contentHash: '18446744073709551615' },
  });
  const id = '2ab0e0a0-1c3b-4bd8-9b0e-0a0b0c0d0e0f';
  expect(filterOf(planQuery(strategyPerformance, { filters: { id } }))).toEqual({
    where: 'WHERE id = {id:UUID}',
    params: { id },
  });
});

it('binds many symbols in several parameters of bounded size', () => {
  const symbols = Array.from({ length: 30_000 }, (_, n) => `S${n}`);
  const { where, params } = filterOf(planQuery(marketData, { symbols }));
  const lists = Object.values(params) as string[][];
  expect(lists.flat().sort()).toEqual(symbols.sort());
  for (const list of lists) expect(JSON.stringify(list).length).toBeLessThan(65_536);
  const conditions = Object.keys(params).map((name) => `symbol IN {${name}:Array(String)}`);
  expect(where).toBe(`WHERE (${conditions.join(' OR ')})`);
});

it('selects no rows when there are no symbols', () => {
  expect(filterOf(planQuery(marketData, { symbols: [] }))).toEqual({ where: 'WHERE false', params: {} });
});
