import { context, SpanKind, SpanStatusCode, trace } from '@opentelemetry/api';
import type { Attributes, Context, Span, TracerProvider } from '@opentelemetry/api';
import { AsyncLocalStorage } from 'node:async_hooks';
import { errorFields } from './error-fields.js';
import { serverAttributes } from './metrics/server-attributes.js';
import {
  currentOperation,
  onOperationEnd,
  operationChannel,
  type OperationEvent,
} from './operation-channel.js';

const queryIdAttribute = 'clickhouse.request.query_id';

/** Runs announced operations in OpenTelemetry's own context, so that all spans beneath nest. */
class ActiveContext extends AsyncLocalStorage<Context | undefined> {
  override run<Result, Args extends unknown[]>(
    active: Context | undefined,
    run: (...args: Args) => Result,
    ...args: Args
  ): Result {
    if (!active) return run(...args);
    return context.with(active, run as (...args: unknown[]) => Result, undefined, ...args);
  }
}

export interface TracingOptions {
  /**
   * Share of the operations outside of any span that are recorded, with the operations within them. The provider is not asked about the
   * others, because asking its sampler takes longer than a read from the cache; the application's own spans within them have no parent. Within a span,
   * the provider's sampler decides. @default 1
   */
  readonly sampling?: number;
  /** Draws from 0 to less than 1. @default Math.random */
  readonly random?: () => number;
}

/**
 * Creates one span for each operation: a child of the active span, and the parent of spans that begin within the operation.
 * Names and statuses follow the semantic conventions for database clients. A span has neither arguments nor results.
 * @param provider - @default the provider registered with `@opentelemetry/api`
 * @returns a function that stops it and ends the spans of operations under way
 */
export function subscribeTracing(
  provider: TracerProvider = trace.getTracerProvider(),
  { sampling = 1, random = Math.random }: TracingOptions = {},
): () => void {
  const tracer = provider.getTracer('@quantumtrade/dal-telemetry');
  const spans = new Map<OperationEvent, Span>();
  const activeContext = new ActiveContext();

  const begin = (event: OperationEvent): Context | undefined => {
    const active = context.active();
    if (sampling < 1 && !trace.getSpan(active)) {
      event.isLeftOut = currentOperation()?.isLeftOut ?? random() >= sampling;
      if (event.isLeftOut) return undefined;
    }
    const attributes = { 'db.operation.name': event.operation };
    const span = tracer.startSpan(event.operation, { kind: SpanKind.CLIENT, attributes });
    // One that is not sampled has no data, and nothing has to end it.
    if (span.isRecording()) {
      const { traceId, spanId } = span.spanContext();
      event.trace = { traceId, spanId };
      spans.set(event, span);
    }
    return trace.setSpan(active, span);
  };
  const stopListening = onOperationEnd((event) => {
    const span = spans.get(event);
    if (!span) return;
    spans.delete(event);
    span.setAttributes(attributesOf(event));
    if ('error' in event) {
      const { name, code, message, queryId } = errorFields(event.error);
      span.setAttributes({ 'error.type': code ?? name, [queryIdAttribute]: event.queryId ?? queryId });
      span.setStatus({ code: SpanStatusCode.ERROR, message });
    }
    span.end();
  });
  operationChannel.start.bindStore(activeContext, begin as never);

  return () => {
    operationChannel.start.unbindStore(activeContext);
    stopListening();
    for (const span of spans.values()) span.end();
    spans.clear();
  };
}

/** Returns the attributes of an operation that has ended, named as the official client names them. Undefined ones are omitted. */
function attributesOf(event: OperationEvent): Attributes {
  const { backend, endpoint, queryId, attempts, retriedAfter, rows, bytes, cacheHit } = event;
  return {
    'db.system.name': backend,
    ...(endpoint !== undefined && serverAttributes(endpoint)),
    [queryIdAttribute]: queryId,
    'quantumtrade.dal.attempts': attempts,
    'quantumtrade.dal.retried_after': retriedAfter,
    'quantumtrade.dal.rows': rows,
    'quantumtrade.dal.bytes': bytes,
    'quantumtrade.dal.cache_hit': cacheHit,
  };
}
