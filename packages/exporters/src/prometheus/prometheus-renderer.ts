import type { MetricsSource } from '@quantumtrade/dal-telemetry';
import { FORMATS, formatFor } from './format.js';
import { renderFamilies } from './render.js';

/** A scrape of the metrics. */
export interface RenderedMetrics {
  readonly contentType: string;
  readonly body: string;
}

/** Returns the metrics of the moment in the format that the `Accept` header of a scrape prefers. Never rejects. */
export type RenderMetrics = (accept?: string) => Promise<RenderedMetrics>;

/** Creates the answer to scrapes by Prometheus, with OpenMetrics exemplars where they are asked for. */
export function prometheusRenderer(source: MetricsSource): RenderMetrics {
  return async (accept) => {
    const format = formatFor(accept);
    const body = renderFamilies(await source.collect(), format);
    return { contentType: FORMATS[format].contentType, body };
  };
}
