import type { MetricFamily } from '@quantumtrade/dal-telemetry';
import { prometheusRenderer } from './prometheus-renderer.js';

const families: readonly MetricFamily[] = [
  {
    name: 'db.client.operation.duration',
    points: [
      {
        attributes: { 'db.system.name': 'clickhouse', 'db.operation.name': 'marketData.find' },
        value: {
          bounds: [0.5, 1],
          counts: [2, 0, 1],
          sum: 12.25,
          exemplars: [
            { traceId: 'abc', spanId: 'def', value: 0.25, at: 1_700_000_000_500 },
            undefined,
            undefined,
          ],
        },
      },
    ],
  },
  {
    name: 'quantumtrade.dal.ingest.rows',
    points: [{ attributes: { 'quantumtrade.dal.record': 'a"b\\c\nd' }, value: 3 }],
  },
  { name: 'quantumtrade.dal.storage.compression', points: [{ attributes: {}, value: 4.5 }] },
];

const render = (accept?: string) =>
  prometheusRenderer({ startedAt: 0, collect: () => Promise.resolve(families) })(accept);

it('renders the plain text format', async () => {
  const { contentType, body } = await render();
  expect(contentType).toBe('text/plain; version=0.0.4; charset=utf-8');
  const labels = 'db_system_name="clickhouse",db_operation_name="marketData.find"';
  expect(body.split('\n').filter((line) => !line.startsWith('# HELP'))).toEqual([
    '# TYPE db_client_operation_duration_seconds histogram',
    `db_client_operation_duration_seconds_bucket{${labels},le="0.5"} 2`,
    `db_client_operation_duration_seconds_bucket{${labels},le="1.0"} 2`,
    `db_client_operation_duration_seconds_bucket{${labels},le="+Inf"} 3`,
    `db_client_operation_duration_seconds_sum{${labels}} 12.25`,
    `db_client_operation_duration_seconds_count{${labels}} 3`,
    '# TYPE quantumtrade_dal_ingest_rows_total counter',
    'quantumtrade_dal_ingest_rows_total{quantumtrade_dal_record="a\\"b\\\\c\\nd"} 3',
    '# TYPE quantumtrade_dal_storage_compression_ratio gauge',
    'quantumtrade_dal_storage_compression_ratio 4.5',
    '',
  ]);
});

it('renders OpenMetrics with units and exemplars', async () => {
  const { contentType, body } = await render('application/openmetrics-text');
  expect(contentType).toBe('application/openmetrics-text; version=1.0.0; charset=utf-8');
  const lines = body.split('\n');
  expect(lines).toContain('# UNIT db_client_operation_duration_seconds seconds');
  expect(lines).toContain('# TYPE quantumtrade_dal_ingest_rows counter');
  expect(lines.find((line) => line.includes('le="0.5"'))).toMatch(
    / 2 # \{trace_id="abc",span_id="def"\} 0\.25 1700000000\.5$/,
  );
  expect(lines.slice(-2)).toEqual(['# EOF', '']);
});
