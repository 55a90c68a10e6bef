import { DateTime } from 'luxon';

/** Reads an instant as epoch milliseconds; a string is the reason why the text cannot be read as one. */
export type InstantReader = (text: string) => number | string;

const ISO =
  /^(\d{4})-(\d\d)-(\d\d)(?:[T ](\d\d):(\d\d)(?::(\d\d)(?:[.,](\d{1,9}))?)?(?: ?(Z|([+-])(\d\d):?(\d\d)))?)?$/i;
const MONTH_FIRST = /^([a-z]{3,9})\.? (\d{1,2}),? (\d{4})$/i;
const DAY_FIRST = /^(\d{1,2})[ -]([a-z]{3,9})\.?[ -](\d{4})$/i;
const EPOCH = /^\d{9,14}$/;
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
const LAST_EPOCH_SECOND_DIGITS = 11;

/**
 * Reads ISO 8601 (`2000-01-03`, `2000-01-03T14:30:00.5+01:00`), `Jan 3 2000`, `3 Jan 2000`, and epoch seconds (9 to 11
 * digits) or milliseconds (12 to 14). What names no zone is UTC. Forms that people read differently are refused.
 */
export const readInstant: InstantReader = (text) => {
  const iso = ISO.exec(text);
  if (iso) return fromIso(iso);
  const named = MONTH_FIRST.exec(text) ?? dayFirst(text);
  if (named) return fromMonthName(named);
  if (EPOCH.test(text)) return Number(text) * (text.length <= LAST_EPOCH_SECOND_DIGITS ? 1000 : 1);
  if (/^\d{1,2}[/.-]\d{1,2}[/.-]\d{2,4}|^\d{8}$/.test(text)) {
    return 'is ambiguous: say what it means with --date-format, e.g. MM/dd/yyyy';
  }
  return 'must be a date such as 2000-01-03, 2000-01-03T14:30:00Z, Jan 3 2000 or epoch seconds';
};

/** Reads instants written in one form, in the tokens of luxon (`MM/dd/yyyy`); `YYYY` and `DD` are taken as well. */
export function instantReader(format: string | undefined): InstantReader {
  if (format === undefined) return readInstant;
  const tokens = format.replaceAll('Y', 'y').replaceAll('D', 'd');
  return (text) => {
    const instant = DateTime.fromFormat(text, tokens, { zone: 'utc', locale: 'en-US' });
    return instant.isValid ? instant.toMillis() : `must be a date in the form ${format}`;
  };
}

function dayFirst(text: string): [string, string, string, string] | undefined {
  const [whole, day, month, year] = DAY_FIRST.exec(text) ?? [];
  return whole === undefined ? undefined : [whole, month!, day!, year!];
}

function fromMonthName([, name, day, year]: readonly string[]): number | string {
  const month = MONTHS.findIndex((full) => full.startsWith(name!.toLowerCase()));
  return month < 0
    ? 'must name a month of the calendar in English'
    : utc(Number(year), month + 1, Number(day));
}

function fromIso(match: RegExpExecArray): number | string {
  const [
    ,
    year,
    month,
    day,
    hour = '0',
    minute = '0',
    second = '0',
    fraction = '',
    ,
    sign,
    zoneHour,
    zoneMinute,
  ] = match;
  if (!/^0*$/.test(fraction.slice(3))) return 'must have whole milliseconds';
  if (Number(hour) > 23 || Number(minute) > 59 || Number(second) > 59) return 'must be a time of the day';
  const midnight = utc(Number(year), Number(month), Number(day));
  if (typeof midnight === 'string') return midnight;
  const sinceMidnight = (Number(hour) * 60 + Number(minute)) * 60_000 + Number(second) * 1000;
  const offset = sign ? (Number(zoneHour) * 60 + Number(zoneMinute)) * 60_000 * (sign === '-' ? -1 : 1) : 0;
  return midnight + sinceMidnight + Number(fraction.slice(0, 3).padEnd(3, '0')) - offset;
}

function utc(year: number, month: number, day: number): number | string {
  const date = new Date(Date.UTC(year, month - 1, day));
  const exists =
    date.getUTCFullYear() === year && date.getUTCMonth() === month - 1 && date.getUTCDate() === day;
  return exists ? date.getTime() : 'must be a day of the calendar';
}
