import { createHash } from 'node:crypto';
import { connectClickHouse } from '@quantumtrade/dal-clickhouse';
import { benchBars } from './bars.js';
import { columns, columnsOfUnits, rowObjects } from './forms.js';

it('gives the data layer the same rows in every form', async () => {
  const { blocks, probe } = connectClickHouse({ url: 'http://127.0.0.1:1' });
  const { value: records } = benchBars(1_000).next();
  const encoded = [rowObjects, columns, columnsOfUnits].map((form) => {
    const collector = blocks.collect('marketData');
    const taken = collector.append(form(records), 1n);
    return {
      ...taken,
      blocks: collector.finish().map(({ bytes }) => createHash('sha256').update(bytes).digest('hex')),
    };
  });
  await probe.close();
  const [rows, ...others] = encoded;
  expect(rows).toMatchObject({ rowCount: 1_000, errors: [] });
  expect(others).toEqual([rows, rows]);
});
