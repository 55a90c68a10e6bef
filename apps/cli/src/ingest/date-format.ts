import { UsageError } from '../exit-codes.js';

/** Epoch units that `--date-format` accepts. */
export const EPOCH_FORMATS = ['epoch-s', 'epoch-ms', 'epoch-us', 'epoch-ns'] as const;

export type EpochFormat = (typeof EPOCH_FORMATS)[number];

/** A format of timestamps that identifies one instant, apart from its zone. */
export type DateFormat =
  | { readonly kind: 'epoch'; readonly name: EpochFormat }
  | {
      readonly kind: 'calendar';
      readonly name: string;
      /** In the tokens of luxon. */
      readonly tokens: string;
      readonly hasTime: boolean;
      readonly hasZone: boolean;
      /** Whether the year has two digits. */
      readonly hasShortYear: boolean;
    };

/** Units by the letters of luxon's tokens, without those of localized and week formats. */
const MEANINGS: Readonly<Record<string, string>> = {
  y: 'year',
  M: 'month',
  L: 'month',
  d: 'day',
  o: 'day of the year',
  H: 'hour',
  h: 'hour',
  a: 'half of the day',
  m: 'minutes',
  s: 'seconds',
  S: 'milliseconds',
  u: 'milliseconds',
  Z: 'zone',
  z: 'zone',
  c: 'weekday',
  E: 'weekday',
};

/**
 * Parses `--date-format`: tokens of luxon (`MM/dd/yyyy HH:mm`), with `YYYY` and `DD` taken for `yyyy` and `dd`, or `epoch-ms`
 * and the like.
 * @throws {UsageError} when year, month or day is missing or repeated.
 */
export function parseDateFormat(format: string): DateFormat {
  const epoch = EPOCH_FORMATS.find((name) => name === format);
  if (epoch) return { kind: 'epoch', name: epoch };
  const tokens = format.replaceAll('Y', 'y').replaceAll('D', 'd');
  const refuse = (reason: string): never => {
    throw new UsageError(`--date-format ${format}: ${reason}.`);
  };
  const parts = new Map<string, string>();
  for (const [token] of tokens.replace(/'[^']*'/g, ' ').matchAll(/([A-Za-z])\1*/g)) {
    const meaning = MEANINGS[token[0]!] ?? refuse(`${token} means nothing here; put letters into 'quotes'`);
    const other = parts.get(meaning);
    if (other !== undefined) refuse(`${other} and ${token} are both the ${meaning}`);
    parts.set(meaning, token);
  }
  const minutes = parts.get('minutes');
  if (parts.has('day') && minutes && !parts.has('month'))
    refuse(`${minutes} is the minutes, and there is no month: the month is ${minutes.replaceAll('m', 'M')}`);
  if (!parts.has('year')) refuse('there is no year (yyyy)');
  if (!parts.has('day of the year')) {
    if (!parts.has('month')) refuse('there is no month (MM)');
    if (!parts.has('day')) refuse('there is no day (dd)');
  }
  if (parts.get('milliseconds') === 'S') refuse('S counts milliseconds: write SSS, or u for any fraction');
  const hour = parts.get('hour');
  if (minutes && !hour) refuse(`${minutes} is the minutes, and there is no hour (HH)`);
  if (parts.has('seconds') && !minutes) refuse('there are seconds, but no minutes (mm)');
  if (hour?.startsWith('h') && !parts.has('half of the day'))
    refuse(`${hour} needs AM or PM (a); HH counts to 23`);
  return {
    kind: 'calendar',
    name: format,
    tokens,
    hasTime: hour !== undefined,
    hasZone: parts.has('zone'),
    hasShortYear: parts.get('year') === 'yy',
  };
}
