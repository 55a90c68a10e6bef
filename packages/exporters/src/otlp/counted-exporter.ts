import type { ExportResult } from '@opentelemetry/core';
import type { ExporterCounts } from '../exporter.js';

interface Exporter<T> {
  export(batch: T, done: (result: ExportResult) => void): void;
}

/** Counts the failures of an exporter of OpenTelemetry. Returns the same exporter. */
export function countedExporter<T, E extends Exporter<T>>(exporter: E, counts: ExporterCounts): E {
  const send = exporter.export.bind(exporter);
  exporter.export = (batch, done) =>
    send(batch, (result) => {
      if (result.error !== undefined || result.code !== 0) counts.failures++;
      done(result);
    });
  return exporter;
}
