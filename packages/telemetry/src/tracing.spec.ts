import { afterAll, afterEach, beforeAll, beforeEach } from '@jest/globals';
import { context, diag, SpanKind, SpanStatusCode, trace } from '@opentelemetry/api';
import {
  AlwaysOffSampler,
  InMemorySpanExporter,
  NodeTracerProvider,
  SimpleSpanProcessor,
  type ReadableSpan,
} from '@opentelemetry/sdk-trace-node';
import {
  noteAttempt,
  noteBytes,
  operationChannel,
  subscribeTracing,
  traceOperation,
  traceparentOf,
  type OperationEvent,
} from './index.js';
import { driverError } from './testing.js';

describe('the trace of operations', () => {
  const exporter = new InMemorySpanExporter();
  const provider = new NodeTracerProvider({ spanProcessors: [new SimpleSpanProcessor(exporter)] });
  let stop = () => {};

  beforeAll(() => provider.register());
  beforeEach(() => {
    exporter.reset();
    stop = subscribeTracing();
  });
  afterEach(() => stop());
  afterAll(async () => {
    await provider.shutdown();
    trace.disable();
    context.disable();
  });

  const pause = () => new Promise((resolve) => setImmediate(resolve));
  const spanOf = (name: string): ReadableSpan => {
    const spans = exporter.getFinishedSpans().filter((span) => span.name === name);
    expect(spans).toHaveLength(1);
    return spans[0]!;
  };

  it('creates one span for an operation, without its rows', async () => {
    await traceOperation({ operation: 'marketData.insert' }, async (event: OperationEvent) => {
      await pause();
      Object.assign(event, {
        backend: 'clickhouse',
        endpoint: 'ch-2:8123',
        queryId: 'q-1',
        attempts: 2,
        retriedAfter: 'time',
        rows: 3,
        bytes: 120,
        cacheHit: false,
      });
      return [{ symbol: 'SPX' }];
    });
    const { kind, status, attributes } = spanOf('marketData.insert');
    expect(kind).toBe(SpanKind.CLIENT);
    expect(status).toEqual({ code: SpanStatusCode.UNSET });
    expect(attributes).toEqual({
      'db.system.name': 'clickhouse',
      'db.operation.name': 'marketData.insert',
      'server.address': 'ch-2',
      'server.port': '8123',
      'clickhouse.request.query_id': 'q-1',
      'quantumtrade.dal.attempts': 2,
      'quantumtrade.dal.retried_after': 'time',
      'quantumtrade.dal.rows': 3,
      'quantumtrade.dal.bytes': 120,
      'quantumtrade.dal.cache_hit': false,
    });
  });

  it('records only the safe fields of an error in a span', async () => {
    await traceOperation({ operation: 'cache.get' }, () => Promise.reject(driverError())).catch(() => {});
    const { status, attributes, events } = spanOf('cache.get');
    expect(status).toEqual({ code: SpanStatusCode.ERROR, message: 'refused by redis://[secret]@cache:6379' });
    expect(attributes).toEqual({
      'db.operation.name': 'cache.get',
      'error.type': 'CONNECTION_REFUSED',
      'clickhouse.request.query_id': 'q-7',
    });
    expect(events).toEqual([]);
  });

  it('nests operations and other spans in the order of their calls', async () => {
    const tracer = trace.getTracer('application');
    await tracer.startActiveSpan('request', async (request) => {
      await traceOperation({ operation: 'outer' }, async () => {
        await pause();
        await Promise.all([
          traceOperation({ operation: 'left' }, async () => {
            await pause();
            tracer.startSpan('http').end();
          }),
          traceOperation({ operation: 'right' }, pause),
        ]);
      });
      await traceOperation({ operation: 'after' }, pause);
      request.end();
    });
    const parentOf = (name: string) => spanOf(name).parentSpanContext?.spanId;
    const idOf = (name: string) => spanOf(name).spanContext().spanId;
    expect(parentOf('outer')).toBe(idOf('request'));
    expect(parentOf('left')).toBe(idOf('outer'));
    expect(parentOf('right')).toBe(idOf('outer'));
    expect(parentOf('http')).toBe(idOf('left'));
    expect(parentOf('after')).toBe(idOf('request'));
  });

  it('notes the span of an operation while it is recorded', async () => {
    const attempt = { backend: 'clickhouse', queryId: 'q-1', endpoint: 'ch:8123' };
    const event: OperationEvent = { operation: 'traced' };
    const noted = await traceOperation(event, async () => {
      noteAttempt(attempt);
      noteBytes(5);
      noteBytes(7);
      return noteAttempt(attempt);
    });
    const { traceId, spanId } = spanOf('traced').spanContext();
    expect(noted).toEqual({ traceId, spanId });
    expect(event).toMatchObject({ ...attempt, attempts: 2, bytes: 12 });
    expect(traceparentOf(noted!)).toBe(`00-${traceId}-${spanId}-01`);
    stop();
    stop = subscribeTracing(new NodeTracerProvider({ sampler: new AlwaysOffSampler() }));
    expect(await traceOperation({ operation: 'off' }, async () => noteAttempt(attempt))).toBeUndefined();
    expect(noteAttempt(attempt)).toBeUndefined();
  });

  it('records a share of the operations, with those within them', async () => {
    stop();
    const draws = [0.2, 0.19];
    stop = subscribeTracing(provider, { sampling: 0.2, random: () => draws.shift()! });
    const nested = (name: string) =>
      traceOperation({ operation: name }, async () => {
        await pause();
        await traceOperation({ operation: `${name}.nested` }, pause);
        trace.getTracer('application').startSpan(`${name}.own`).end();
      });
    await nested('left out');
    await nested('drawn');
    const names = () => exporter.getFinishedSpans().map(({ name }) => name);
    expect(names()).toEqual(['left out.own', 'drawn.nested', 'drawn.own', 'drawn']);
    expect(exporter.getFinishedSpans()[0]!.parentSpanContext).toBeUndefined();
    expect(draws).toEqual([]);
    exporter.reset();
    const span = trace.getTracer('application').startSpan('caller');
    await context.with(trace.setSpan(context.active(), span), () => nested('within'));
    expect(names()).toEqual(['within.nested', 'within.own', 'within']);
  });

  it('uses the given tracer provider', async () => {
    stop();
    const own = new InMemorySpanExporter();
    stop = subscribeTracing(new NodeTracerProvider({ spanProcessors: [new SimpleSpanProcessor(own)] }));
    await traceOperation({ operation: 'cache.get' }, pause);
    expect(own.getFinishedSpans().map(({ name }) => name)).toEqual(['cache.get']);
    expect(exporter.getFinishedSpans()).toEqual([]);
  });

  it('ends open spans when it is stopped and creates none afterwards', async () => {
    const underway = traceOperation({ operation: 'slow' }, pause);
    stop();
    spanOf('slow');
    await underway;
    await traceOperation({ operation: 'later' }, pause);
    expect(exporter.getFinishedSpans().map(({ name }) => name)).toEqual(['slow']);
    expect(operationChannel.hasSubscribers).toBe(false);
  });

  it('ends each span exactly once', async () => {
    const complaints: string[] = [];
    const complain = (message: string) => complaints.push(message);
    diag.setLogger({ error: complain, warn: complain, info: () => {}, debug: () => {}, verbose: () => {} });
    await traceOperation({ operation: 'cache.get' }, pause);
    stop();
    diag.disable();
    spanOf('cache.get');
    expect(complaints).toEqual([]);
  });
});
