import type { MarketDataInput } from '@quantumtrade/dal-domain';
import { UsageError } from '../exit-codes.js';

/** The fields of a bar that a file's columns can give; its source is the file's. */
export type ColumnField = Exclude<keyof MarketDataInput, 'source'>;

/** Which column of a file gives which field. */
export type Columns = Partial<Record<ColumnField, number>>;

/** Usual names of each field's column, in lower case and without anything but letters and digits. */
const USUAL_NAMES: Record<ColumnField, readonly string[]> = {
  symbol: ['symbol', 'ticker'],
  timestamp: ['timestamp', 'date', 'datetime', 'time'],
  open: ['open', 'o'],
  high: ['high', 'h'],
  low: ['low', 'l'],
  close: ['close', 'c', 'last'],
  volume: ['volume', 'vol', 'v'],
  adjustedClose: ['adjustedclose', 'adjclose'],
  qualityScore: ['qualityscore', 'quality'],
};
const FIELDS = Object.keys(USUAL_NAMES) as ColumnField[];
const REQUIRED: readonly ColumnField[] = ['timestamp', 'open', 'high', 'low', 'close'];

const simplified = (name: string): string => name.toLowerCase().replace(/[^a-z0-9]/g, '');

/** Reads `open=Open,timestamp=date`: field before, column after. */
export function parseMapping(text: string): Partial<Record<ColumnField, string>> {
  return Object.fromEntries(
    text.split(',').map((pair) => {
      const [, field = '', column = ''] = /^\s*(\w+)\s*=\s*(.+?)\s*$/.exec(pair) ?? [];
      if (!FIELDS.includes(field as ColumnField)) {
        throw new UsageError(`--map ${pair}: write field=Column, with a field among ${FIELDS.join(', ')}.`);
      }
      return [field, column];
    }),
  );
}

/**
 * Finds the fields' columns in a header: those of the mapping by their exact names, the others by usual names.
 * Throws `UsageError` when a column is missing or when two could be meant.
 */
export function findColumns(
  header: readonly string[],
  mapping: Partial<Record<ColumnField, string>>,
  { symbolGiven }: { symbolGiven: boolean },
): Columns {
  const columns: Columns = {};
  for (const field of FIELDS) {
    if (field === 'symbol' && symbolGiven) continue;
    const named = mapping[field];
    const candidates = header.flatMap((name, index) =>
      (named === undefined ? USUAL_NAMES[field].includes(simplified(name)) : name === named) ? [index] : [],
    );
    if (candidates.length > 1) {
      const names = candidates.map((index) => header[index]).join(', ');
      throw new UsageError(`Several columns could be ${field} (${names}): choose one with --map ${field}=…`);
    }
    if (candidates.length === 1) columns[field] = candidates[0];
    else if (named !== undefined) {
      throw new UsageError(`There is no column ${named}; the file has ${header.join(', ')}.`);
    }
  }
  const missing = REQUIRED.filter((field) => columns[field] === undefined);
  if (missing.length > 0) {
    const example = missing.map((field) => `${field}=…`).join(',');
    throw new UsageError(
      `No column for ${missing.join(', ')} among ${header.join(', ')}: name it with --map ${example}`,
    );
  }
  if (columns.symbol === undefined && !symbolGiven) {
    throw new UsageError(
      'The file has no symbol column: give --symbol, or name the column with --map symbol=…',
    );
  }
  return columns;
}
