/**
 * Instant in ISO 8601 with a zone, or a date in UTC. A local time has no meaning without a zone, and finer fractions than
 * milliseconds would be cut off.
 */
export const INSTANT_TEXT =
  /^\d{4}-\d{2}-\d{2}(?:T\d{2}:\d{2}(?::\d{2}(?:\.\d{1,3}0*)?)?(?:Z|[+-]\d{2}:?\d{2}))?$/i;
