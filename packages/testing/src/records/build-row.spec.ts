import { recordNames, records } from '@quantumtrade/dal-domain';
import { buildOutput, buildRow } from './build-row.js';

it('buildRow returns every field that the batch does not give', () => {
  const row = buildRow('marketData', { symbol: 'MSFT', close: '2.5' });
  expect(row).toMatchObject({
    ...{ symbol: 'MSFT', timestamp: 0, open: 1, high: 1, low: 1, close: '2.5', adjustedClose: 1 },
    ...{ volume: 1, qualityScore: 1 },
  });
  const fields = Object.keys(records.marketData.fields);
  expect(Object.keys(row)).toEqual(fields.filter((field) => field !== 'source'));
});

it('buildOutput returns every field as an exact read does', () => {
  const row = buildOutput('marketData', { source: 'vendor' });
  expect(row).toMatchObject({
    ...{
      symbol: 'AAPL',
      timestamp: new Date(0),
      open: '1',
      high: '1',
      low: '1',
      close: '1',
      adjustedClose: '1',
    },
    ...{ volume: '1', source: 'vendor', qualityScore: 1 },
  });
  expect(Object.keys(row)).toEqual(Object.keys(records.marketData.fields));
});

it.each(recordNames)('buildRow and buildOutput know all fields of %s', (record) => {
  expect(Object.values(buildRow(record))).not.toContain(undefined);
  expect(Object.values(buildOutput(record))).not.toContain(undefined);
});
