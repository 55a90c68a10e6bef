import { ValidationError } from '../errors.js';

const ISO_UTC = /^\d{4}-\d\d-\d\dT\d\d:\d\d(:\d\d(\.\d+)?)?Z$/;

/** Epoch milliseconds of a decoded cache value's `timestamp` (ISO 8601 in UTC); undefined when it has none. */
export function timestampOf(value: unknown): number | undefined {
  if (typeof value !== 'object' || value === null || !('timestamp' in value)) return undefined;
  const { timestamp } = value;
  if (typeof timestamp !== 'string' || !ISO_UTC.test(timestamp)) return undefined;
  const ms = Date.parse(timestamp);
  return Number.isNaN(ms) ? undefined : ms;
}

/** As {@link timestampOf}, for a value about to be stored; throws `ValidationError` when it has none. */
export function requireTimestamp(value: unknown, operation: string): number {
  const ms = timestampOf(value);
  if (ms !== undefined) return ms;
  throw new ValidationError('timestamp', 'must be an ISO 8601 instant in UTC', { operation });
}
