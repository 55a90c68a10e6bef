import { ManualClock } from '@quantumtrade/dal-runtime';
import type { MetricFamily } from '@quantumtrade/dal-telemetry';
import { turn, until } from '@quantumtrade/dal-testing';
import { CREDENTIALS, REGION, startAwsServer, type AwsServer } from '../testing/aws-server.js';
import { cloudWatchMetrics } from './cloudwatch-metrics.js';
import { LogQueue } from './log-queue.js';
import { connectLogs } from './logs-api.js';
import { connectMetrics } from './metrics-api.js';

const servers: AwsServer[] = [];
const start = async (service: string) => {
  const server = await startAwsServer(service);
  servers.push(server);
  return server;
};
afterEach(async () => {
  await Promise.all(servers.splice(0).map((server) => server.close()));
});

const options = ({ url }: AwsServer) => ({ region: REGION, endpoint: url });
const target = { group: 'qtdal', stream: 'host/1' };

describe('CloudWatch Logs', () => {
  it('gets the lines in order, after the stream was created', async () => {
    const server = await start('logs');
    let hasStream = false;
    server.answer = ({ operation }) => {
      if (operation === 'CreateLogStream') hasStream = true;
      return operation === 'PutLogEvents' && !hasStream ? { error: 'ResourceNotFoundException' } : {};
    };
    const queue = new LogQueue(await connectLogs(target, options(server)), new ManualClock());
    queue.write('{"n":1}\n');
    queue.write('{"n":2}\n');
    await queue.close();
    expect(server.calls.map(({ operation }) => operation)).toEqual([
      'PutLogEvents',
      'CreateLogStream',
      'PutLogEvents',
    ]);
    expect(server.calls.at(-1)!.body).toEqual({
      logGroupName: 'qtdal',
      logStreamName: 'host/1',
      logEvents: [
        { timestamp: 1_000_000, message: '{"n":1}' },
        { timestamp: 1_000_000, message: '{"n":2}' },
      ],
    });
    expect(queue.counts).toMatchObject({ failures: 0, dropped: 0 });
  });

  it('repeats throttled calls and counts refused events', async () => {
    const server = await start('logs');
    server.answer = () =>
      server.calls.length === 1
        ? { error: 'ThrottlingException' }
        : { rejectedLogEventsInfo: { tooOldLogEventEndIndex: 1 } };
    const queue = new LogQueue(await connectLogs(target, options(server)), new ManualClock());
    queue.write('old');
    queue.write('new');
    await queue.close();
    expect(server.calls).toHaveLength(2);
    expect(queue.counts).toMatchObject({ failures: 0, dropped: 1 });
  });

  it('counts a refused signature as a failure', async () => {
    const server = await start('logs');
    process.env['AWS_SECRET_ACCESS_KEY'] = 'wrong';
    const queue = new LogQueue(await connectLogs(target, options(server)), new ManualClock());
    queue.write('a');
    await queue.close();
    process.env['AWS_SECRET_ACCESS_KEY'] = CREDENTIALS.secretAccessKey;
    expect(server.calls).toEqual([]);
    expect(queue.counts).toMatchObject({ failures: 1, dropped: 1 });
  });
});

describe('CloudWatch metrics', () => {
  const histogram = (counts: readonly number[]) => ({
    ...{ bounds: [0.5, 1], counts, sum: 3 },
    exemplars: [undefined, undefined, undefined],
  });
  const point = <V>(value: V, attributes = {}) => ({ attributes, value });
  const operation = { 'db.operation.name': 'cache.get' };
  const collections = (values: readonly (readonly MetricFamily[])[]) => {
    let n = 0;
    return { startedAt: 0, collect: () => Promise.resolve(values[Math.min(n++, values.length - 1)]!) };
  };

  it('are sent as growth since the last export, without partitions', async () => {
    const server = await start('monitoring');
    const at = (rows: number, counts: readonly number[]): MetricFamily[] => [
      { name: 'db.client.operation.duration', points: [point(histogram(counts), operation)] },
      {
        name: 'quantumtrade.dal.ingest.rows',
        points: [point(rows, { 'quantumtrade.dal.record': 'features' })],
      },
      {
        name: 'quantumtrade.dal.storage.rows',
        points: ['202401', '202402'].map((partition) =>
          point(5, { 'db.collection.name': 't', 'quantumtrade.dal.partition': partition }),
        ),
      },
    ];
    const clock = new ManualClock();
    const source = collections([at(10, [1, 0, 2]), at(25, [1, 4, 3])]);
    const api = await connectMetrics('ours', options(server));
    const exporter = cloudWatchMetrics(api, source, { intervalMs: 60_000, clock });
    clock.advance(60_000);
    await until(() => server.calls.length === 1);
    await turn();
    await exporter.close();
    const data = server.calls.map(({ body }) => body['MetricData'] as Record<string, unknown>[]);
    expect(server.calls[0]!.body['Namespace']).toBe('ours');
    expect(data[0]).toMatchObject([
      {
        ...{ MetricName: 'db.client.operation.duration', Unit: 'Seconds', Values: [0.5, 2], Counts: [1, 2] },
        Dimensions: [{ Name: 'db.operation.name', Value: 'cache.get' }],
      },
      { MetricName: 'quantumtrade.dal.ingest.rows', Unit: 'Count', Value: 10 },
      {
        ...{ MetricName: 'quantumtrade.dal.storage.rows', Value: 10 },
        Dimensions: [{ Name: 'db.collection.name', Value: 't' }],
      },
    ]);
    expect(data[1]).toMatchObject([{ Values: [1, 2], Counts: [4, 1] }, { Value: 15 }, { Value: 10 }]);
  });

  it('are sent in calls within the limits, and failures are counted', async () => {
    const server = await start('monitoring');
    const points = Array.from({ length: 2_500 }, (_, n) =>
      point(n, { 'quantumtrade.dal.record': `record-${n}-${'x'.repeat(200)}` }),
    );
    const source = collections([[{ name: 'quantumtrade.dal.ingest.rows', points }]]);
    const api = await connectMetrics('ours', options(server));
    const exporter = cloudWatchMetrics(api, source, { intervalMs: 60_000, clock: new ManualClock() });
    await exporter.close();
    const sizes = server.calls.map(({ body }) => (body['MetricData'] as unknown[]).length);
    expect(sizes.reduce((sum, size) => sum + size, 0)).toBe(2_500);
    for (const size of sizes) expect(size).toBeLessThanOrEqual(1_000);
    for (const { bytes } of server.calls) expect(bytes).toBeLessThan(1_048_576);
    server.answer = () => ({ error: 'AccessDeniedException' });
    const denied = cloudWatchMetrics(await connectMetrics('ours', options(server)), source, {
      intervalMs: 60_000,
      clock: new ManualClock(),
    });
    await denied.close();
    expect(denied.counts.failures).toBe(1);
  });
});
