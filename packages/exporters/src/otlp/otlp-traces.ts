import { context, type TracerProvider } from '@opentelemetry/api';
import type { ExporterCounts } from '../exporter.js';
import { loadPeer } from '@quantumtrade/dal-runtime';
import { exporterOptions, type Collector } from './collector.js';
import { countedExporter } from './counted-exporter.js';
import { loadResource } from './resource.js';

const USE = 'the export of spans to a collector';

/** Provider of tracers whose spans are sent to a collector. */
export interface TraceExporter {
  readonly provider: TracerProvider;
  readonly counts: ExporterCounts;
  /** Sends the spans that have ended. */
  close(): Promise<void>;
}

/**
 * Sends spans to an OpenTelemetry collector in the background: all of them, but those within a span that is not recorded. Spans nest by the context manager that is registered with `@opentelemetry/api`; where none is, this function registers one.
 */
export async function otlpTraces(collector: Collector): Promise<TraceExporter> {
  const sdk = await loadPeer(
    '@opentelemetry/sdk-trace-node',
    () => import('@opentelemetry/sdk-trace-node'),
    USE,
  );
  const { OTLPTraceExporter } = await loadPeer(
    '@opentelemetry/exporter-trace-otlp-proto',
    () => import('@opentelemetry/exporter-trace-otlp-proto'),
    USE,
  );
  const { AsyncLocalStorageContextManager } = await loadPeer(
    '@opentelemetry/context-async-hooks',
    () => import('@opentelemetry/context-async-hooks'),
    USE,
  );
  const counts = { exporter: 'otlp.traces', failures: 0 };
  const exporter = countedExporter(new OTLPTraceExporter(exporterOptions(collector)), counts);
  const provider = new sdk.NodeTracerProvider({
    resource: await loadResource(USE),
    sampler: new sdk.ParentBasedSampler({ root: new sdk.AlwaysOnSampler() }),
    spanProcessors: [new sdk.BatchSpanProcessor(exporter)],
  });
  // Without a context manager the active context is always the root.
  const probe = context.active().setValue(PROBE, true);
  const hasManager = context.with(probe, () => context.active().getValue(PROBE) === true);
  if (!hasManager) context.setGlobalContextManager(new AsyncLocalStorageContextManager().enable());
  const stopWatching = collector.authorization?.watch();
  return {
    provider,
    counts,
    close: async () => {
      await provider.shutdown().catch(() => undefined);
      stopWatching?.();
    },
  };
}

const PROBE = Symbol('quantumtrade.context-manager');
