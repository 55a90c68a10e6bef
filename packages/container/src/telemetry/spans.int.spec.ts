import { startEmbeddedClickHouse } from '@quantumtrade/dal-clickhouse-embedded';
import { DatabaseAbstraction } from '@quantumtrade/dal';
import { connectClickHouse } from '@quantumtrade/dal-clickhouse';
import { memoryCacheBackend } from '@quantumtrade/dal-memory';
import { subscribeTracing } from '@quantumtrade/dal-telemetry';
import { queryClickHouse } from '@quantumtrade/dal-testing/clickhouse';
import { bars } from '@quantumtrade/dal-testing/records';
import {
  AlwaysOffSampler,
  BasicTracerProvider,
  InMemorySpanExporter,
  SimpleSpanProcessor,
  type ReadableSpan,
} from '@opentelemetry/sdk-trace-node';

it('spans of ClickHouse are children of the recorded spans of operations', async () => {
  const server = await startEmbeddedClickHouse({ spanLog: true });
  const { url, username, password } = server;
  const database = new DatabaseAbstraction({
    timeSeries: connectClickHouse({ url, username, password, database: 'traced' }),
    cache: memoryCacheBackend(),
  });
  const exporter = new InMemorySpanExporter();
  const processor = new SimpleSpanProcessor(exporter);
  const spanOf = (name: string): ReadableSpan =>
    exporter.getFinishedSpans().find((span) => span.name === name)!;
  const select = (query: string) => queryClickHouse({ url, username, password }, query);
  try {
    await database.initializeSchema();
    const stopUnsampled = subscribeTracing(new BasicTracerProvider({ sampler: new AlwaysOffSampler() }));
    await database.getMarketData({ symbol: 'UNSAMPLED' });
    stopUnsampled();
    const stop = subscribeTracing(new BasicTracerProvider({ spanProcessors: [processor] }));
    await database.insertMarketData(bars(['A']));
    await database.getMarketData({ symbol: 'A' });
    stop();
    await database.getMarketData({ symbol: 'UNTRACED' });
    await select('SYSTEM FLUSH LOGS');
    const traces = await select(
      'SELECT lower(hex(trace_id)), count() FROM system.opentelemetry_span_log GROUP BY trace_id',
    );
    const expected = ['marketData.insert', 'marketData.find'].map((name) => spanOf(name).spanContext());
    expect(
      traces
        .trim()
        .split('\n')
        .map((line) => line.split('\t')[0])
        .sort(),
    ).toEqual(expected.map(({ traceId }) => traceId).sort());
    for (const { traceId, spanId } of expected) {
      const queryId = exporter.getFinishedSpans().find((span) => span.spanContext().spanId === spanId)!
        .attributes['clickhouse.request.query_id'] as string;
      const children = await select(
        `SELECT count() FROM system.opentelemetry_span_log WHERE lower(hex(trace_id)) = '${traceId}'
         AND parent_span_id = reinterpretAsUInt64(reverse(unhex('${spanId}')))`,
      );
      expect(Number(children)).toBeGreaterThan(0);
      const queries = await select(
        `SELECT count() FROM system.opentelemetry_span_log WHERE lower(hex(trace_id)) = '${traceId}'
         AND attribute['clickhouse.query_id'] = '${queryId}'`,
      );
      expect(Number(queries)).toBeGreaterThan(0);
    }
  } finally {
    await database.close();
    await server.stop();
  }
});
