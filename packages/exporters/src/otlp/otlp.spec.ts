import { createServer } from 'node:http';
import { context } from '@opentelemetry/api';
import { Secret } from '@quantumtrade/dal-runtime';
import { listen } from '@quantumtrade/dal-testing';
import { attributes, double, messages, readMessage, text, type Message } from '../testing/protobuf.js';
import { otlpMetrics } from './otlp-metrics.js';
import { otlpTraces } from './otlp-traces.js';

/** Requests that the collector has got. */
const requests: { path: string; authorization: string | undefined; body: Message }[] = [];
let status = 200;
const collector = createServer((request, response) => {
  void request.toArray().then((chunks) => {
    const { authorization } = request.headers;
    requests.push({ path: request.url!, authorization, body: readMessage(Buffer.concat(chunks)) });
    response.writeHead(status, { 'content-type': 'application/x-protobuf' }).end();
  });
});
let url: string;
beforeAll(async () => {
  url = `http://127.0.0.1:${await listen(collector)}`;
});
beforeEach(() => {
  requests.length = 0;
  status = 200;
});
afterAll(() => {
  context.disable();
  collector.close();
  collector.closeAllConnections();
});

const source = {
  startedAt: 1_000,
  collect: async () => [
    {
      name: 'db.client.operation.duration' as const,
      points: [
        {
          attributes: { 'db.operation.name': 'cache.get' },
          value: { bounds: [0.5], counts: [3, 1], sum: 2.5, exemplars: [undefined, undefined] },
        },
      ],
    },
    { name: 'quantumtrade.dal.ingest.rows' as const, points: [{ attributes: {}, value: 7 }] },
    { name: 'quantumtrade.dal.ready' as const, points: [{ attributes: {}, value: 1 }] },
  ],
};

it('metrics arrive at a collector with kinds, units, starts and attributes', async () => {
  const to = { url: `${url}/v1/metrics`, authorization: new Secret('Bearer token') };
  const exporter = await otlpMetrics(to, source, { intervalMs: 60_000 });
  await exporter.close();
  expect(requests).toMatchObject([{ path: '/v1/metrics', authorization: 'Bearer token' }]);
  const [resourceMetrics] = messages(requests[0]!.body, 1);
  expect(attributes(messages(resourceMetrics!, 1)[0]!, 1)).toMatchObject({
    'service.name': 'quantumtrade-dal',
  });
  const metrics = messages(messages(resourceMetrics!, 2)[0]!, 2);
  expect(metrics.map((metric) => [text(metric, 1), text(metric, 3)])).toEqual([
    ['db.client.operation.duration', 's'],
    ['quantumtrade.dal.ingest.rows', '{row}'],
    ['quantumtrade.dal.ready', '{process}'],
  ]);
  const [histogram] = messages(messages(metrics[0]!, 9)[0]!, 1);
  expect(attributes(histogram!, 9)).toEqual({ 'db.operation.name': 'cache.get' });
  expect(double(histogram!, 5)).toBe(2.5);
  expect((histogram!.get(4)![0] as Buffer).readBigUInt64LE()).toBe(4n);
  expect((histogram!.get(2)![0] as Buffer).readBigUInt64LE()).toBe(1_000_000_000n);
  const sum = messages(metrics[1]!, 7)[0]!;
  expect([sum.get(3), double(messages(sum, 1)[0]!, 4)]).toEqual([[1n], 7]);
  expect(double(messages(messages(metrics[2]!, 5)[0]!, 1)[0]!, 4)).toBe(1);
  expect(exporter.counts.failures).toBe(0);
});

it('failed exports are counted', async () => {
  status = 400;
  const exporter = await otlpMetrics({ url: `${url}/v1/metrics` }, source, { intervalMs: 60_000 });
  await exporter.close();
  expect(exporter.counts.failures).toBe(1);
  const traces = await otlpTraces({ url: `${url}/v1/traces` });
  traces.provider.getTracer('t').startSpan('s').end();
  await traces.close();
  expect(traces.counts.failures).toBe(1);
});

it('sampled spans arrive at a collector and nest', async () => {
  const traces = await otlpTraces({ url: `${url}/v1/traces` });
  const tracer = traces.provider.getTracer('t');
  await tracer.startActiveSpan('outer', async (outer) => {
    await Promise.resolve();
    tracer.startSpan('inner').end();
    outer.end();
  });
  await traces.close();
  const [resourceSpans] = messages(requests[0]!.body, 1);
  const spans = messages(messages(resourceSpans!, 2)[0]!, 2);
  const byName = new Map(spans.map((span) => [text(span, 5), span]));
  expect(byName.get('inner')!.get(4)).toEqual(byName.get('outer')!.get(2));
});
