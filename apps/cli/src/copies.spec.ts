import { describeComparison } from './copies.js';
import { qtdal } from './testing.js';

const NOTHING = { partitions: 3, differences: [], unsettled: [], lacking: [], unreachable: [] };
const PLACE = { shard: '2', table: 'features', partition: '202401' };

it('copies that are the same take one line', () => {
  expect(describeComparison(NOTHING)).toEqual(['3 partitions are the same on the copies of their shards.']);
});

it('each difference is a line with the rows of each copy', () => {
  const rows = (a: number, b: number) => [
    { server: 'ch-2a:8123', rows: a },
    { server: 'ch-2b:8123', rows: b },
  ];
  expect(
    describeComparison({
      ...NOTHING,
      differences: [
        { ...PLACE, copies: rows(1_000, 999) },
        { ...PLACE, copies: rows(7, 7) },
      ],
      unsettled: [PLACE],
      lacking: [{ server: 'ch-1b:8123', table: 'market_data' }],
      unreachable: [{ server: 'ch-1a:8123', error: 'no answer' }],
    }),
  ).toEqual([
    'ch-1b:8123 lacks the table market_data',
    'shard 2, features, partition 202401: ch-2a:8123 has 1,000 rows, ch-2b:8123 has 999 rows',
    'shard 2, features, partition 202401: ch-2a:8123 has 7 rows, ch-2b:8123 has 7 rows, with other values',
    'shard 2, features, partition 202401: changed while it was compared; compare again',
    'ch-1a:8123 cannot be reached: no answer',
  ]);
});

it.each(['compare', 'repair'])('cluster %s refuses a store without written copies', async (command) => {
  const { code, err } = await qtdal('cluster', command, '--backend', 'memory');
  expect({ code, err }).toEqual({ code: 2, err: expect.stringContaining('clickhouse.cluster.copies') });
});

it('cluster compare refuses a time that is no number', async () => {
  const { code, err } = await qtdal('cluster', 'compare', '--settle', 'soon');
  expect({ code, err }).toEqual({ code: 2, err: expect.stringContaining('number of seconds') });
});
