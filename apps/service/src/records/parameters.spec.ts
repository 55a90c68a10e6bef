import { marketData, feature } from '@quantumtrade/dal-domain';
import { aggregatesQuery, explainQuery, latestQuery, pageQuery, streamQuery } from './parameters.js';

const page = pageQuery(marketData);

describe('pageQuery', () => {
  it('separates parameters, filters and options', () => {
    const query = {
      symbol: ['AAPL', 'MSFT'],
      startTime: '2024-01-02',
      endTime: '1704240000000',
      'filter.source': 'vendor',
      select: 'close',
      limit: '10',
      count: 'false',
      exact: 'true',
      readAfter: 'w1.x',
    };
    expect(page.parse(query)).toEqual({
      params: {
        symbols: ['AAPL', 'MSFT'],
        startTime: new Date('2024-01-02T00:00:00Z'),
        endTime: 1_704_240_000_000,
        filters: { source: 'vendor' },
        select: ['close'],
        limit: 10,
        count: false,
      },
      options: { exact: true, readAfter: ['w1.x'] },
    });
  });

  it.each([
    ['limit', ''],
    ['limit', '-1'],
    ['limit', '1e3'],
    ['limit', ['1', '2']],
    ['count', 'yes'],
    ['exact', ''],
    ['startTime', '2024-01-02T00:00:00'],
    ['startTime', 'yesterday'],
    ['order', 'price'],
    ['select', 'price'],
    ['filter.symbol', 'AAPL'],
    ['symbols', 'AAPL'],
  ])('refuses %s=%s', (name, value) => {
    expect(page.safeParse({ [name]: value }).success).toBe(false);
  });

  it('has neither select nor exact for sets', () => {
    const sets = pageQuery(feature);
    expect(sets.safeParse({ 'filter.featureName': 'rsi' }).success).toBe(true);
    expect(sets.safeParse({ select: 'symbol' }).success).toBe(false);
    expect(sets.safeParse({ exact: 'true' }).success).toBe(false);
  });
});

it('takes parameters of aggregates from the definition', () => {
  const aggregates = aggregatesQuery(marketData);
  expect(aggregates.parse({ groupBy: 'source', measure: 'volume', sources: 'combine' }).params).toEqual({
    groupBy: ['source'],
    measure: 'volume',
    sources: 'combine',
  });
  expect(aggregatesQuery(feature).safeParse({ sources: 'combine' }).success).toBe(false);
});

it('requires a value of the newest rows', () => {
  expect(latestQuery(marketData, 'symbol', true).safeParse({ limit: '2' }).success).toBe(false);
});

it('takes the order none for every read of rows', () => {
  const query = { order: 'none' };
  for (const schema of [page, streamQuery(marketData), explainQuery(marketData)]) {
    expect(schema.parse(query).params).toEqual(query);
  }
});

it('takes missingShards for pages and newest rows alone', () => {
  const query = { missingShards: 'allowed' };
  expect(page.parse(query)).toEqual({ params: {}, options: query });
  expect(latestQuery(feature, 'symbol', false).parse({ symbol: 'A', ...query })).toMatchObject(query);
  expect(page.safeParse({ missingShards: 'named' }).success).toBe(false);
  for (const schema of [streamQuery(marketData), explainQuery(marketData), aggregatesQuery(marketData)])
    expect(schema.safeParse(query).success).toBe(false);
});

it('explains no options of a read', () => {
  expect(explainQuery(marketData).safeParse({ exact: 'true' }).success).toBe(false);
});
