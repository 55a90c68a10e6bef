const HOUR_MS = 3_600_000;

/** Start of a market's trading day in its own time zone, daylight saving time included. */
export interface TradingSession {
  readonly timeZone: string;
  /** Milliseconds from midnight of the session's date; negative for the evening before. */
  readonly startMs: number;
}

/**
 * Trading days by name. `us-futures` begins at 18:00 in New York of the evening before, so that the session of Monday begins on
 * Sunday; `us-equities` is a calendar day in New York.
 */
export const SESSIONS = {
  'us-futures': { timeZone: 'America/New_York', startMs: -6 * HOUR_MS },
  'us-equities': { timeZone: 'America/New_York', startMs: 0 },
} as const satisfies Record<string, TradingSession>;

export type SessionName = keyof typeof SESSIONS;

const formats = new Map<string, Intl.DateTimeFormat>();
/** Offsets by zone and hour: they change on whole hours of UTC since 1900. */
const offsets = new Map<string, Map<number, number>>();
const KEPT_OFFSETS = 100_000;

/** Returns the offset of a time zone from UTC at an instant, in milliseconds. */
function offsetAt(timeZone: string, instant: number): number {
  let known = offsets.get(timeZone);
  if (!known || known.size >= KEPT_OFFSETS) offsets.set(timeZone, (known = new Map()));
  const hour = Math.floor(instant / HOUR_MS);
  let offset = known.get(hour);
  if (offset === undefined) known.set(hour, (offset = readOffset(timeZone, hour * HOUR_MS)));
  return offset;
}

function readOffset(timeZone: string, instant: number): number {
  let format = formats.get(timeZone);
  if (!format) {
    const fields = {
      year: 'numeric',
      month: 'numeric',
      day: 'numeric',
      hour: 'numeric',
      minute: 'numeric',
      second: 'numeric',
    } as const;
    formats.set(
      timeZone,
      (format = new Intl.DateTimeFormat('en-US', { ...fields, timeZone, hourCycle: 'h23' })),
    );
  }
  const parts = Object.fromEntries(
    format.formatToParts(instant).map(({ type, value }) => [type, Number(value)]),
  );
  const wall = Date.UTC(
    parts['year']!,
    parts['month']! - 1,
    parts['day']!,
    parts['hour']!,
    parts['minute']!,
    parts['second']!,
  );
  return wall - instant;
}

/** Returns the milliseconds since the start of the session of 1970-01-01, by the market's wall clock. */
export const sessionTime = ({ timeZone, startMs }: TradingSession, instant: number): number =>
  instant + offsetAt(timeZone, instant) - startMs;

/** Returns the instant of a time that {@link sessionTime} returned. */
export function sessionInstant({ timeZone, startMs }: TradingSession, time: number): number {
  const wall = time + startMs;
  const near = wall - offsetAt(timeZone, wall);
  return wall - offsetAt(timeZone, near);
}
