import { ValidationError } from '../errors.js';
import type { SessionName, TradingSession } from './sessions.js';
import { sessionInstant, SESSIONS, sessionTime } from './sessions.js';

const UNITS = {
  s: 1_000,
  m: 60_000,
  h: 3_600_000,
  d: 86_400_000,
  w: 604_800_000,
  mo: 1,
  q: 3,
  y: 12,
} as const;

type Unit = keyof typeof UNITS;

/**
 * Width of an aggregation bucket: a count and a unit, e.g. `5m`, `1h`, `1d`, `1w` (from Monday), `1mo`, `1q`, `1y`.
 * Buckets are aligned in UTC: fixed widths to 1970-01-01 (weeks to Monday 1969-12-29), calendar widths to January 1970. At most 1000 years.
 */
export type Interval = `${number}${Unit}`;

/** An interval in the form that adapters use. `origin` is the start of a bucket, in the unit of `width`. */
export type BucketWidth =
  | { readonly kind: 'fixed'; readonly widthMs: number; readonly originMs: number }
  | {
      readonly kind: 'session';
      readonly session: TradingSession;
      readonly widthMs: number;
      readonly originMs: number;
    }
  | { readonly kind: 'calendar'; readonly months: number };

const MONDAY_MS = -3 * UNITS.d;
const MAX_MONTHS = 1_000 * UNITS.y;
const MAX_MS = 365_250 * UNITS.d;

export function bucketWidth(interval: unknown, operation: string): BucketWidth {
  const match = /^(\d{1,12})(s|m|h|d|w|mo|q|y)$/.exec(typeof interval === 'string' ? interval : '');
  const unit = match?.[2] as Unit;
  const width = Number(match?.[1]) * UNITS[unit];
  const calendar = unit === 'mo' || unit === 'q' || unit === 'y';
  if (!(width > 0 && width <= (calendar ? MAX_MONTHS : MAX_MS))) {
    throw new ValidationError(
      'interval',
      'must be a count and one of s, m, h, d, w, mo, q, y, e.g. 5m or 1mo, and at most 1000 years',
      { operation },
    );
  }
  if (calendar) return { kind: 'calendar', months: width };
  return { kind: 'fixed', widthMs: width, originMs: unit === 'w' ? MONDAY_MS : 0 };
}

/** Returns the width of whole sessions: days, or weeks from the session of Monday. */
export function sessionWidth(session: unknown, interval: unknown, operation: string): BucketWidth {
  const names = Object.keys(SESSIONS);
  if (typeof session !== 'string' || !names.includes(session)) {
    throw new ValidationError('session', `must be one of ${names.join(', ')}`, { operation });
  }
  if (interval !== '1d' && interval !== '1w') {
    throw new ValidationError('session', 'needs the interval 1d or 1w', { operation });
  }
  const originMs = interval === '1w' ? MONDAY_MS : 0;
  const widthMs = interval === '1w' ? UNITS.w : UNITS.d;
  return { kind: 'session', session: SESSIONS[session as SessionName], widthMs, originMs };
}

const floorTo = (value: number, step: number): number => value - (((value % step) + step) % step);

/** Returns the start of the bucket that contains an instant, both in epoch milliseconds. */
export function bucketStart(width: BucketWidth, instant: number): number {
  if (width.kind === 'fixed') return floorTo(instant - width.originMs, width.widthMs) + width.originMs;
  if (width.kind === 'session') {
    const { session, widthMs, originMs } = width;
    const time = sessionTime(session, instant) - originMs;
    return sessionInstant(session, floorTo(time, widthMs) + originMs);
  }
  const date = new Date(instant);
  const month = (date.getUTCFullYear() - 1970) * 12 + date.getUTCMonth();
  return Date.UTC(1970, floorTo(month, width.months), 1);
}
