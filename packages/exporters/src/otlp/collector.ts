import type { Secret } from '@quantumtrade/dal-runtime';

/** An OpenTelemetry collector. */
export interface Collector {
  /** Address for OTLP over HTTP with protobuf. */
  readonly url: string;
  /** Value of the header `Authorization`, revealed for each export. @default none */
  readonly authorization?: Secret | undefined;
}

/** Longest time of one export (milliseconds). */
export const EXPORT_WITHIN_MS = 10_000;

/** Returns the options of an exporter of OpenTelemetry. */
export const exporterOptions = ({ url, authorization }: Collector) => ({
  url,
  timeoutMillis: EXPORT_WITHIN_MS,
  ...(authorization && { headers: () => Promise.resolve({ Authorization: authorization.reveal() }) }),
});
