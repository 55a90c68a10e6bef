import type { MarketDataBatch } from '@quantumtrade/dal-domain';
import { fieldFromJson, marketData } from '@quantumtrade/dal-domain';
import type { Delimiter } from './cells.js';
import type { ColumnField, Columns } from './columns.js';
import { isAmbiguous, plainNumber, type NumberStyle } from './numbers.js';

export type Bar = MarketDataBatch['records'][number];

/** A row of a file that was not stored, with the reason. */
export interface Refusal {
  /** Counted from 1, the header included. */
  line: number;
  field: string;
  reason: string;
}

/** Values of rows whose column is empty or missing. */
export type Defaults = Partial<Record<'volume' | 'qualityScore', string>>;

export interface BarReaderOptions {
  columns: Columns;
  width: number;
  delimiter: Delimiter;
  symbol: string | undefined;
  style: NumberStyle;
  defaults: Defaults;
  readTimestamp: (cells: readonly string[]) => number | string;
}

const UNASSESSED_QUALITY = '100';
/** The character that replaces bytes that are not UTF-8. */
const UNDECODED = '\ufffd';

/** The reason of one field. */
class Refused {
  constructor(
    readonly field: string,
    readonly reason: string,
  ) {}
}

/**
 * Converts rows of a file to bars. Numbers stay decimal text, so they keep all digits. Without a column, volume is 0, the
 * adjusted close is the close, and the quality score is 100.
 */
export function barReader(
  options: BarReaderOptions,
): (cells: readonly string[], line: number) => Bar | Refusal {
  const { columns, width, symbol, defaults, readTimestamp } = options;
  return (cells, line) => {
    const refuse = (field: string, reason: string): Refusal => ({ line, field, reason });
    if (cells.length !== width)
      return refuse('row', `has ${cells.length} columns where the header has ${width}`);
    const empty = emptyField(columns, cells, defaults);
    if (empty) return refuse(...empty);
    const name = symbol ?? cells[columns.symbol!]!;
    if (name.includes(UNDECODED)) return refuse('symbol', 'is not UTF-8: save the file in UTF-8');
    const timestamp = readTimestamp(cells);
    if (typeof timestamp === 'string') return refuse('timestamp', timestamp);
    try {
      const number = (field: ColumnField, otherwise: string) => numberOf(field, cells, otherwise, options);
      const close = number('close', '');
      return {
        symbol: name,
        timestamp,
        open: number('open', ''),
        high: number('high', ''),
        low: number('low', ''),
        close,
        volume: number('volume', defaults.volume ?? '0'),
        adjustedClose: number('adjustedClose', close),
        qualityScore: fieldFromJson(
          marketData.fields.qualityScore,
          number('qualityScore', defaults.qualityScore ?? UNASSESSED_QUALITY),
        ) as number,
      };
    } catch (error) {
      if (error instanceof Refused) return refuse(error.field, error.reason);
      throw error;
    }
  };
}

export const isRefusal = (row: Bar | Refusal): row is Refusal => 'reason' in row;

function emptyField(
  columns: Columns,
  cells: readonly string[],
  defaults: Defaults,
): [field: string, reason: string] | undefined {
  for (const [field, column] of Object.entries(columns)) {
    if (cells[column] !== '' || field in defaults) continue;
    return [field, field === 'volume' ? 'is empty: --default volume=0 would make it 0' : 'is empty'];
  }
  return undefined;
}

/** Returns a number as a plain decimal, and any other text unchanged: the store then refuses it with the reason. */
function numberOf(
  field: ColumnField,
  cells: readonly string[],
  otherwise: string,
  { columns, style, delimiter }: BarReaderOptions,
): string {
  const column = columns[field];
  const text = (column === undefined ? '' : cells[column]!) || otherwise;
  if (!style.known && isAmbiguous(text, delimiter))
    throw new Refused(field, 'can be read in two ways: say --decimal point or --decimal comma');
  return plainNumber(text, style.mark) ?? text;
}
