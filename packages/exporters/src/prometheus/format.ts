/** Text formats of Prometheus, by preference where a client accepts both alike. */
export const FORMATS = {
  openmetrics: {
    mediaType: 'application/openmetrics-text',
    contentType: 'application/openmetrics-text; version=1.0.0; charset=utf-8',
  },
  text: { mediaType: 'text/plain', contentType: 'text/plain; version=0.0.4; charset=utf-8' },
} as const;

export type Format = keyof typeof FORMATS;

/**
 * Returns the format that an `Accept` header prefers. The plain text format is for clients that name neither, as browsers and
 * curl do: OpenMetrics has to be asked for by name.
 */
export function formatFor(accept: string | undefined): Format {
  const weights = {
    openmetrics: weightOf(FORMATS.openmetrics.mediaType, accept),
    text: weightOf(FORMATS.text.mediaType, accept),
  };
  return weights.openmetrics > 0 && weights.openmetrics >= weights.text ? 'openmetrics' : 'text';
}

/** Returns the greatest weight that a header gives a media type by name; 0 for one that it does not name. */
function weightOf(mediaType: string, accept = ''): number {
  const weights = accept.split(',').flatMap((range) => {
    const [type, ...parameters] = range.split(';').map((part) => part.trim().toLowerCase());
    if (type !== mediaType) return [];
    const weight = Number(parameters.find((each) => each.startsWith('q='))?.slice(2) ?? 1);
    return weight >= 0 && weight <= 1 ? [weight] : [];
  });
  return Math.max(0, ...weights);
}
