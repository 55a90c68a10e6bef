import { ManualClock } from '@quantumtrade/dal-runtime';
import { turn } from '@quantumtrade/dal-testing';
import { embeddedMetrics } from './cloudwatch-metrics.js';
import { emfLines } from './emf.js';

it('writes one line for the values with the same dimensions', async () => {
  const lines: object[] = [];
  const attributes = { 'db.system.name': 'redis' };
  const source = {
    startedAt: 0,
    collect: async () => [
      {
        name: 'db.client.operation.duration' as const,
        points: [
          {
            attributes,
            value: { bounds: [1], counts: [2, 1], sum: 4, exemplars: [undefined, undefined] },
          },
        ],
      },
      { name: 'quantumtrade.dal.retry_budget.balance' as const, points: [{ attributes, value: 3 }] },
      { name: 'quantumtrade.dal.ready' as const, points: [{ attributes: {}, value: NaN }] },
    ],
  };
  const clock = new ManualClock();
  const exporter = embeddedMetrics((fields) => lines.push(fields), 'ours', source, { intervalMs: 10, clock });
  clock.advance(10);
  await turn();
  expect(lines).toEqual([
    {
      _aws: {
        Timestamp: 1_000_010,
        CloudWatchMetrics: [
          {
            Namespace: 'ours',
            Dimensions: [['db.system.name']],
            Metrics: [
              { Name: 'db.client.operation.duration', Unit: 'Seconds' },
              { Name: 'quantumtrade.dal.retry_budget.balance', Unit: 'Count' },
            ],
          },
        ],
      },
      'db.system.name': 'redis',
      'db.client.operation.duration': { Values: [1, 2], Counts: [2, 1], Min: 1, Max: 2, Count: 3, Sum: 4 },
      'quantumtrade.dal.retry_budget.balance': 3,
    },
  ]);
  await exporter.close();
});

it('writes at most a hundred metrics in a line', () => {
  const datum = { name: 'quantumtrade.dal.ready', unit: 'Count', dimensions: {}, value: 1 } as const;
  expect(emfLines(new Array(250).fill(datum), 'ours', 0)).toHaveLength(3);
});
