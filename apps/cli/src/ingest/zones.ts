import { DateTime, IANAZone } from 'luxon';
import { UsageError } from '../exit-codes.js';

/** A date and a time as a clock on a wall shows them. */
export interface LocalTime {
  readonly year: number;
  readonly month: number;
  readonly day: number;
  readonly hour: number;
  readonly minute: number;
  readonly second: number;
  readonly millisecond: number;
}

/** Which of two instants a local time means that exists twice, since clocks were put back. */
export type AmbiguousChoice = 'earlier' | 'later';

/** Finds the instant of a local time, as epoch milliseconds; a string is the reason why there is not exactly one. */
export type ZoneReader = (local: LocalTime) => number | string;

/** Reads local times of a zone by its IANA name. Throws `UsageError` for another name. */
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

/** The instant of a local time in UTC. A date that no calendar has and a time that no day has are reasons. */
export const instantInUtc: ZoneReader = ({ year, month, day, hour, minute, second, millisecond }) => {
  if (hour > 23 || minute > 59 || second > 59) return 'must be a time of the day';
  const date = new Date(Date.UTC(year, month - 1, day));
  const exists =
    date.getUTCFullYear() === year && date.getUTCMonth() === month - 1 && date.getUTCDate() === day;
  if (!exists) return 'must be a day of the calendar';
  return date.getTime() + ((hour * 60 + minute) * 60 + second) * 1000 + millisecond;
};
