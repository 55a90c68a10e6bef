import { DateTime, IANAZone } from 'luxon';
import { UsageError } from '../exit-codes.js';

/** A local date and time. */
export interface LocalTime {
  readonly year: number;
  readonly month: number;
  readonly day: number;
  readonly hour: number;
  readonly minute: number;
  readonly second: number;
  readonly millisecond: number;
}

/** Chooses between the two instants of a local time that exists twice. */
export type AmbiguousChoice = 'earlier' | 'later';

/** Returns the epoch milliseconds of a local time, or the reason why it has no single instant. */
export type ZoneReader = (local: LocalTime) => number | string;

/** Returns the reader of a zone's local times. Throws `UsageError` for a name that is not an IANA zone. */
export function zoneReader(zone: string, choice: AmbiguousChoice | undefined): ZoneReader {
  if (/^(?:utc|etc\/utc)$/i.test(zone)) return instantInUtc;
  if (!IANAZone.isValidZone(zone) || /^[+-]/.test(zone)) {
    throw new UsageError(`--timezone ${zone}: write a name of the IANA database, such as America/New_York.`);
  }
  return (local) => {
    const inUtc = instantInUtc(local);
    if (typeof inUtc === 'string') return inUtc;
    const found = DateTime.fromObject({ ...local }, { zone });
    if (found.hour !== local.hour || found.minute !== local.minute || found.day !== local.day)
      return `does not exist in ${zone}: clocks were put forward`;
    const instants = found.getPossibleOffsets().map((each) => each.toMillis());
    if (instants.length === 1) return instants[0]!;
    if (choice === undefined)
      return `exists twice in ${zone}, since clocks were put back: choose with --ambiguous earlier or later`;
    return choice === 'earlier' ? Math.min(...instants) : Math.max(...instants);
  };
}

/** Returns the instant of a local time in UTC, or the reason for refusing an impossible date or time. */
export const instantInUtc: ZoneReader = ({ year, month, day, hour, minute, second, millisecond }) => {
  if (hour > 23 || minute > 59 || second > 59) return 'must be a time of the day';
  const date = new Date(Date.UTC(year, month - 1, day));
  const exists =
    date.getUTCFullYear() === year && date.getUTCMonth() === month - 1 && date.getUTCDate() === day;
  if (!exists) return 'must be a day of the calendar';
  return date.getTime() + ((hour * 60 + minute) * 60 + second) * 1000 + millisecond;
};
