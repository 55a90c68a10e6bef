import type { KindRules } from './kind.js';
import { Invalid } from './kind.js';

export const MIN_INSTANT = Date.UTC(1900, 0, 1);
export const MAX_INSTANT = Date.UTC(2299, 11, 31, 23, 59, 59, 999);

/**
 * Numbers in this range are seconds from July 1979 to March 2049. As milliseconds they would lie between 4 and 29 January
 * 1970, for which no market data in UTC exists. A `Date` can give an instant of those days.
 */
export const SECONDS = { from: 300_000_000, to: 2_500_000_000 } as const;
/** Smallest number that is taken as microseconds: as milliseconds it lies far beyond the year 2299. */
const FIRST_MICROSECONDS = 1e14;
const FIRST_NANOSECONDS = 1e17;

export interface InstantTypes {
  input: Date | number;
  output: Date;
  exact: Date;
}

export const instantKind: KindRules<unknown, number, InstantTypes> = {
  toCanonical(value) {
    const isDate = value instanceof Date;
    const ms = isDate ? value.getTime() : value;
    if (typeof ms !== 'number' || Number.isNaN(ms)) {
      const isBigint = typeof value === 'bigint';
      const hint = isBigint ? (unitHint(Number(value)) ?? ': give a number') : '';
      return new Invalid(`must be a valid Date or epoch milliseconds${hint}`);
    }
    const isOtherUnit = (ms >= SECONDS.from && ms <= SECONDS.to) || ms >= FIRST_MICROSECONDS;
    if (isOtherUnit && !isDate) return new Invalid(`must be epoch milliseconds${unitHint(ms)}`);
    if (!Number.isInteger(ms)) return new Invalid('must be whole milliseconds');
    if (ms < MIN_INSTANT || ms > MAX_INSTANT) return new Invalid('must lie in the years 1900 to 2299');
    return ms + 0;
  },
  toOutput: (value) => new Date(value),
  toJson: (value) => new Date(value).toISOString(),
  fromJson: (json) => new Date(json),
};

/** Returns the unit that a number seems to have; undefined when it may be epoch milliseconds. */
function unitHint(time: number): string | undefined {
  const looksLike = (unit: string, factor: string) => `: it looks like ${unit}, ${factor}`;
  if (time >= SECONDS.from && time <= SECONDS.to) return looksLike('seconds', 'multiply by 1000');
  if (time >= FIRST_NANOSECONDS) return looksLike('nanoseconds', 'divide by 1000000');
  if (time >= FIRST_MICROSECONDS) return looksLike('microseconds', 'divide by 1000');
  return undefined;
}
