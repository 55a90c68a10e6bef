import type { MarketDataInput } from '@quantumtrade/dal-domain';
import { parse } from 'csv-parse/sync';
import { UsageError } from '../exit-codes.js';
import { printable } from '../terminal.js';

/** Usual names of each field's column, in lower case and without anything but letters and digits. */
const USUAL_NAMES = {
  symbol: ['symbol', 'ticker'],
  timestamp: ['timestamp', 'date', 'datetime', 'time'],
  open: ['open', 'o'],
  high: ['high', 'h'],
  low: ['low', 'l'],
  close: ['close', 'c', 'last', 'closelast'],
  volume: ['volume', 'vol', 'v', 'tickvol', 'tickvolume'],
  adjustedClose: ['adjustedclose', 'adjclose'],
  qualityScore: ['qualityscore', 'quality'],
} satisfies Partial<Record<keyof MarketDataInput, readonly string[]>>;

/** The fields of a bar that columns can provide; the source is that of the file. */
export type ColumnField = keyof typeof USUAL_NAMES;

/** The column of each field. */
export type Columns = Partial<Record<ColumnField, number>> & {
  /** The column of the time of day, when `timestamp` is the column of the date. */
  time?: number;
};

/** Names of columns by field. */
export type Mapping = Partial<Record<ColumnField, string>>;

/** Names that are used in the absence of usual ones. */
const RARER_TIMESTAMPS = ['opentime', 'windowstart', 'starttime', 'unix', 'gmttime', 'utctime', 't'];
/** Names of columns that may be a volume in an unknown unit. */
const MAYBE_VOLUME = /vol|^(?:size|qty|quantity|amount|turnover|shares|contracts)$/;

const FIELDS = Object.keys(USUAL_NAMES) as ColumnField[];
const REQUIRED: readonly ColumnField[] = ['timestamp', 'open', 'high', 'low', 'close'];
const SHOWN_NAMES = 20;
const SHOWN_LENGTH = 40;

const simplified = (name: string): string => name.toLowerCase().replace(/[^a-z0-9]/g, '');

/** Returns whether a column's name alone identifies its field. */
export const isUsualName = (name: string): boolean => {
  const usual = simplified(name);
  return FIELDS.some((field) => USUAL_NAMES[field].includes(usual)) || RARER_TIMESTAMPS.includes(usual);
};

/** Returns the first names, shortened and printable, for a message. */
function listed(names: readonly string[]): string {
  const shown = names
    .slice(0, SHOWN_NAMES)
    .map((name) => printable(name.length > SHOWN_LENGTH ? `${name.slice(0, SHOWN_LENGTH)}…` : name));
  const more = names.length - shown.length;
  return shown.join(', ') + (more > 0 ? ` and ${more} more` : '');
}

/**
 * Parses `open=Open,timestamp=date` into values by field. A pair with a comma is quoted like a cell of a CSV file. `known` has the
 * pairs of earlier texts.
 */
export function parsePairs<Field extends string>(
  option: string,
  text: string,
  fields: readonly Field[],
  { meaning = 'value', known = {} }: { meaning?: string; known?: Partial<Record<Field, string>> } = {},
): Partial<Record<Field, string>> {
  const pairs: Partial<Record<Field, string>> = { ...known };
  for (const pair of pairsOf(option, text)) {
    const at = pair.indexOf('=');
    const field = fields.find((name) => name === pair.slice(0, at).trim());
    const value = pair.slice(at + 1).trim();
    if (at < 0 || field === undefined || value === '') {
      throw new UsageError(
        `${option} ${listed([pair])}: write field=${meaning}, with a field among ${fields.join(', ')}.`,
      );
    }
    if (pairs[field] !== undefined) throw new UsageError(`${option} gives ${field} twice.`);
    pairs[field] = value;
  }
  return pairs;
}

/** Parses `--map`, which may be given several times. */
export const parseMapping = (text: string, known: Mapping = {}): Mapping =>
  parsePairs('--map', text, FIELDS, { meaning: 'Column', known });

function pairsOf(option: string, text: string): string[] {
  try {
    const [pairs = []] = parse(text, { relax_quotes: true }) as string[][];
    return pairs;
  } catch {
    throw new UsageError(`${option} has a quote that is never closed.`);
  }
}

export interface FindColumnsOptions {
  symbolGiven: boolean;
  /** Whether rows without a volume get a default; then no volume column is needed. */
  volumeGiven?: boolean;
}

/**
 * Finds the fields' columns in a header: those of the mapping by their exact names, the others by usual names. `A+B` in
 * the mapping of the timestamp, and a column `Date` beside a column `Time`, give the timestamp together.
 * @throws {UsageError} when a column is missing, when two could be meant, or when a volume could be in an unknown column
 */
export function findColumns(
  header: readonly string[],
  mapping: Mapping,
  { symbolGiven, volumeGiven = false }: FindColumnsOptions,
): Columns {
  const columns: Columns = timestampColumns(header, mapping.timestamp);
  for (const field of FIELDS) {
    if (field === 'timestamp' || (field === 'symbol' && symbolGiven)) continue;
    const named = mapping[field];
    const found = named === undefined ? withNames(header, USUAL_NAMES[field]) : [columnNamed(header, named)];
    if (found.length > 1) throw severalFor(field, header, found);
    if (found.length === 1) columns[field] = found[0]!;
  }
  const missing = REQUIRED.filter((field) => columns[field] === undefined);
  if (missing.length > 0) {
    const example = missing.map((field) => `${field}=…`).join(',');
    throw new UsageError(
      `No column for ${missing.join(', ')} among ${listed(header)}: name it with --map ${example}`,
    );
  }
  if (columns.symbol === undefined && !symbolGiven) {
    throw new UsageError(
      'The file has no symbol column: give --symbol, or name the column with --map symbol=…',
    );
  }
  if (columns.volume === undefined && !volumeGiven) requireNoVolume(header);
  return columns;
}

/** Finds the columns of the timestamp: one column with an instant, or a date and a time of day. */
function timestampColumns(header: readonly string[], named: string | undefined): Columns {
  if (named !== undefined) return namedTimestamp(header, named);
  const found = withNames(header, USUAL_NAMES.timestamp);
  const [date, ...otherDates] = withNames(header, ['date']);
  const [time, ...otherTimes] = withNames(header, ['time']);
  if (
    found.length === 2 &&
    date !== undefined &&
    time !== undefined &&
    !otherDates.length &&
    !otherTimes.length
  )
    return { timestamp: date, time };
  const taken = found.length > 0 ? found : withNames(header, RARER_TIMESTAMPS);
  if (taken.length > 1) throw severalFor('timestamp', header, taken);
  return taken.length === 1 ? { timestamp: taken[0]! } : {};
}

function namedTimestamp(header: readonly string[], named: string): Columns {
  if (!header.includes(named)) {
    for (let at = named.indexOf('+'); at >= 0; at = named.indexOf('+', at + 1)) {
      const date = header.indexOf(named.slice(0, at).trim());
      const time = header.indexOf(named.slice(at + 1).trim());
      if (date >= 0 && time >= 0) return { timestamp: date, time };
    }
  }
  const timestamp = columnNamed(header, named);
  const [time, ...others] = withNames(header, ['time']);
  const isDate = /date/.test(simplified(named)) && !/time/.test(simplified(named));
  return isDate && time !== undefined && others.length === 0 ? { timestamp, time } : { timestamp };
}

/** Returns the columns that may hold a symbol. */
export const symbolColumns = (header: readonly string[]): number[] => withNames(header, USUAL_NAMES.symbol);

function withNames(header: readonly string[], names: readonly string[]): number[] {
  return header.flatMap((name, index) => (names.includes(simplified(name)) ? [index] : []));
}

function columnNamed(header: readonly string[], name: string): number {
  const found = header.flatMap((each, index) => (each === name ? [index] : []));
  if (found.length === 1) return found[0]!;
  throw new UsageError(
    found.length === 0
      ? `There is no column ${listed([name])}; the file has ${listed(header)}.`
      : `The file has ${found.length} columns ${listed([name])}.`,
  );
}

function severalFor(field: string, header: readonly string[], found: readonly number[]): UsageError {
  const names = listed(found.map((index) => header[index]!));
  return new UsageError(`Several columns could be ${field} (${names}): choose one with --map ${field}=…`);
}

/** Refuses a file without a volume column when another column may be the volume. */
function requireNoVolume(header: readonly string[]): void {
  const candidates = header.filter((name) => MAYBE_VOLUME.test(simplified(name)));
  if (candidates.length === 0) return;
  throw new UsageError(
    `The volume may be in ${listed(candidates)}: name its column with --map volume=…, or give --default volume=0`,
  );
}
