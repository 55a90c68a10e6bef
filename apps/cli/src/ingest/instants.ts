import type { Zone } from 'luxon';
import { DateTime } from 'luxon';
import type { DateFormat, EpochFormat } from './date-format.js';
import type { AmbiguousChoice, LocalTime, ZoneReader } from './zones.js';
import { instantInUtc, zoneReader } from './zones.js';

/** Returns epoch milliseconds, or the reason for refusing a text. */
export type InstantReader = (text: string) => number | string;

const ISO =
  /^(\d{4})([-./])(\d\d)\2(\d\d)(?:[T ](\d\d:\d\d(?::\d\d(?:[.,]\d{1,9})?)?)(?: ?(Z|UTC|GMT|([+-])(\d\d):?(\d\d)))?)?$/i;
const MONTH_FIRST = /^([a-z]{3,9})\.? (\d{1,2}),? (\d{4})$/i;
const DAY_FIRST = /^(\d{1,2})[ -]([a-z]{3,9})\.?[ -](\d{4})$/i;
const TIME = /^(\d{1,2}):(\d\d)(?::(\d\d)(?:[.,](\d{1,9}))?)?(?: ?([ap])\.?m\.?)?$/i;
const TIME_DIGITS = /^(\d\d)(\d\d)(\d\d)?$/;
const EPOCH = /^([1-9]\d{8,19})(?:\.(\d+))?$/;
const MONTHS = [
  'january',
  'february',
  'march',
  'april',
  'may',
  'june',
  'july',
  'august',
  'september',
  'october',
  'november',
  'december',
];
const DAY_MS = 86_400_000;
/** The largest offset of a local time from UTC. */
const MOST_OFFSET_MINUTES = 14 * 60;
const WRONG_OFFSET = 'must have an offset from UTC of at most 14 hours';

/** Epoch units by the number of digits from 1973 on, which is different for each unit. */
const EPOCH_UNITS = [
  { format: 'epoch-s', most: 11, perMs: 0.001 },
  { format: 'epoch-ms', most: 14, perMs: 1 },
  { format: 'epoch-us', most: 17, perMs: 1_000 },
  { format: 'epoch-ns', most: 20, perMs: 1_000_000 },
] as const;

/** Formats of calendar dates of digits only, by their length. */
const DIGIT_FORMATS: Readonly<Record<number, string>> = {
  8: 'yyyyMMdd',
  10: 'yyMMddHHmm',
  12: 'yyyyMMddHHmm',
  14: 'yyyyMMddHHmmss',
  17: 'yyyyMMddHHmmssSSS',
};

export interface ReadingOptions {
  /** Reads local times of texts without a zone. @default UTC */
  zone?: ZoneReader;
  format?: DateFormat | undefined;
  /** Instant of a local time that exists twice in the zone of its text. Without it, such times are refused. */
  ambiguous?: AmbiguousChoice | undefined;
  /** Called when a text names no time zone. */
  onLocal?: () => void;
  /** Current time in epoch milliseconds; later values than tomorrow are no epoch values. @default the clock */
  now?: number | undefined;
}

/**
 * Reads ISO 8601 (`2000-01-03`, `2000-01-03T14:30:00.5+01:00`), `Jan 3 2000`, `3 Jan 2000`, and epoch seconds, milliseconds,
 * microseconds and nanoseconds from 1973 until tomorrow. Ambiguous formats are refused, and so are digits that may be a date.
 */
export const readInstant = (text: string, now?: number): number | string => instantReader({ now })(text);

/** Reads instants in one column. */
export function instantReader({
  format,
  zone = instantInUtc,
  ambiguous: choice,
  onLocal,
  now = Date.now(),
}: ReadingOptions): InstantReader {
  const inZone: ZoneReader = (local) => {
    onLocal?.();
    return zone(local);
  };
  if (format?.kind === 'epoch') return (text) => fromEpoch(text, format.name);
  if (format) return formatReader(format, { zone: inZone, choice, now });
  return (text) =>
    fromIso(text, inZone) ?? fromMonthName(text, inZone) ?? fromDigits(text, now) ?? refusal(text);
}

/**
 * Reads instants from a date column and a time column. A format with an hour describes both, separated by a blank; any other
 * describes the date.
 */
export function dateAndTimeReader(options: ReadingOptions): (date: string, time: string) => number | string {
  const { format, zone = instantInUtc, onLocal } = options;
  if (format?.kind === 'calendar' && format.hasTime) {
    const read = instantReader(options);
    return (date, time) => read(`${date} ${time}`);
  }
  const readDate = instantReader({ ...options, zone: instantInUtc });
  return (date, time) => {
    const midnight = readDate(date);
    if (typeof midnight === 'string') return midnight;
    if (midnight % DAY_MS !== 0 || EPOCH.test(date)) return 'has a time of its own beside the time column';
    const timeOfDay = timeOf(time);
    if (!timeOfDay) return 'must have a time such as 09:30, 09:30:15, 0930 or 093015 in the time column';
    const day = new Date(midnight);
    onLocal?.();
    return zone({
      year: day.getUTCFullYear(),
      month: day.getUTCMonth() + 1,
      day: day.getUTCDate(),
      ...timeOfDay,
    });
  };
}

/** Returns the date format of digits when every text may be such a date as well as an epoch value. */
export function ambiguousDigits(texts: readonly string[]): string | undefined {
  const format = DIGIT_FORMATS[texts[0]?.length ?? 0];
  return texts.every((text) => text.length === texts[0]!.length && isCalendarDigits(text))
    ? format
    : undefined;
}

interface FormatReading {
  /** Reads local times of texts without a zone. */
  readonly zone: ZoneReader;
  readonly choice: AmbiguousChoice | undefined;
  readonly now: number;
}

function formatReader(
  format: DateFormat & { kind: 'calendar' },
  { zone, choice, now }: FormatReading,
): InstantReader {
  const options = { zone: 'utc', locale: 'en-US' } as const;
  return (text) => {
    if (!DateTime.fromFormat(text, format.tokens, options).isValid)
      return `must be a date in the form ${format.name}`;
    const read = DateTime.fromFormatExplain(text, format.tokens, options);
    const fraction = (read as { matches?: { u?: string } }).matches?.u ?? '';
    if (!isWholeMs(fraction)) return 'must have whole milliseconds';
    const local = DateTime.fromObject(read.result!, { zone: 'utc' });
    const instant =
      format.hasZone && read.zone ? inNamedZone(local, read.zone, choice) : zone(partsOf(local));
    return format.hasShortYear && typeof instant === 'number' && instant > now + DAY_MS
      ? 'would lie in the future, and its year has two digits only: write all four'
      : instant;
  };
}

const partsOf = ({ year, month, day, hour, minute, second, millisecond }: DateTime): LocalTime => ({
  year,
  month,
  day,
  hour,
  minute,
  second,
  millisecond,
});

function inNamedZone(local: DateTime, zone: Zone, choice: AmbiguousChoice | undefined): number | string {
  if (!zone.isUniversal) return zoneReader(zone.name, choice)(partsOf(local));
  const minutes = zone.offset(0);
  return Math.abs(minutes) > MOST_OFFSET_MINUTES ? WRONG_OFFSET : local.toMillis() - minutes * 60_000;
}

/** Returns whether a fraction of a second has at most millisecond precision. */
const isWholeMs = (fraction: string): boolean => /^0*$/.test(fraction.slice(3));

function fromIso(text: string, zone: ZoneReader): number | string | undefined {
  const [whole, year, , month, day, time, named, sign, zoneHour, zoneMinute] = ISO.exec(text) ?? [];
  if (whole === undefined) return undefined;
  const timeOfDay = timeOf(time ?? '00:00');
  if (!timeOfDay) return 'must have whole milliseconds';
  const local: LocalTime = { year: Number(year), month: Number(month), day: Number(day), ...timeOfDay };
  if (named === undefined) return zone(local);
  const instant = instantInUtc(local);
  const minutes = sign ? Number(zoneHour) * 60 + Number(zoneMinute) : 0;
  if (minutes > MOST_OFFSET_MINUTES || Number(zoneMinute) > 59) return WRONG_OFFSET;
  const offset = minutes * 60_000 * (sign === '-' ? -1 : 1);
  return typeof instant === 'string' ? instant : instant - offset;
}

function fromMonthName(text: string, zone: ZoneReader): number | string | undefined {
  const [, firstDay, dayFirstMonth, dayFirstYear] = DAY_FIRST.exec(text) ?? [];
  const [, firstMonth, day = firstDay, year = dayFirstYear] = MONTH_FIRST.exec(text) ?? [];
  const name = (firstMonth ?? dayFirstMonth)?.toLowerCase();
  if (name === undefined) return undefined;
  const month = MONTHS.findIndex((full) => full.startsWith(name)) + 1;
  if (month === 0) return 'must name a month of the calendar in English';
  return zone({
    year: Number(year),
    month,
    day: Number(day),
    hour: 0,
    minute: 0,
    second: 0,
    millisecond: 0,
  });
}

function fromDigits(text: string, now: number): number | string | undefined {
  const form = DIGIT_FORMATS[text.length];
  if (form !== undefined && form !== 'yyMMddHHmm' && isCalendarDigits(text)) return ambiguous(form);
  const [, digits] = EPOCH.exec(text) ?? [];
  if (digits === undefined) return undefined;
  const { format } = EPOCH_UNITS.find(({ most }) => digits.length <= most)!;
  const instant = fromEpoch(text, format);
  if (typeof instant === 'number' && instant > now + DAY_MS)
    return `would lie in the future as ${format}: say what it means with --date-format, e.g. ${form ?? format}`;
  return instant;
}

function fromEpoch(text: string, format: EpochFormat): number | string {
  const [, whole, fraction = ''] = /^(-?\d{1,20})(?:\.(\d+))?$/.exec(text) ?? [];
  if (whole === undefined) return `must be a number in the form ${format}`;
  const { perMs } = EPOCH_UNITS.find((unit) => unit.format === format)!;
  const kept = perMs < 1 ? 3 : 0;
  if (!/^0*$/.test(fraction.slice(kept))) return 'must have whole milliseconds';
  if (perMs < 1) return Number(whole + fraction.slice(0, kept).padEnd(kept, '0'));
  const units = BigInt(perMs);
  return BigInt(whole) % units === 0n ? Number(BigInt(whole) / units) : 'must have whole milliseconds';
}

function isCalendarDigits(text: string): boolean {
  const tokens = DIGIT_FORMATS[text.length];
  if (tokens === undefined || !/^\d+$/.test(text)) return false;
  const { isValid, year } = DateTime.fromFormat(text, tokens, { zone: 'utc' });
  return isValid && year >= 1900 && year < 2100;
}

/** Parses a time of day. Returns undefined for other texts and for times finer than milliseconds. */
function timeOf(text: string): Pick<LocalTime, 'hour' | 'minute' | 'second' | 'millisecond'> | undefined {
  const [whole, hour, minute, second = '0', fraction = '', half] =
    TIME.exec(text) ?? TIME_DIGITS.exec(text) ?? [];
  if (whole === undefined || !isWholeMs(fraction)) return undefined;
  if (half !== undefined && (Number(hour) < 1 || Number(hour) > 12)) return undefined;
  const hours = half === undefined ? Number(hour) : (Number(hour) % 12) + (/p/i.test(half) ? 12 : 0);
  return {
    hour: hours,
    minute: Number(minute),
    second: Number(second),
    millisecond: Number(fraction.slice(0, 3).padEnd(3, '0')),
  };
}

function refusal(text: string): string {
  const [, mark] = /^\d{1,2}([/.-])\d{1,2}[/.-]\d{2,4}/.exec(text) ?? [];
  if (mark !== undefined) return ambiguous(mark === '.' ? 'dd.MM.yyyy' : 'MM/dd/yyyy');
  return 'must be a date such as 2000-01-03, 2000-01-03T14:30:00Z, Jan 3 2000 or epoch seconds';
}

const ambiguous = (format: string): string =>
  `is ambiguous: say what it means with --date-format, e.g. ${format}`;
