import type { MarketDataBatch } from '@quantumtrade/dal-domain';
import { fieldFromJson, marketData } from '@quantumtrade/dal-domain';
import type { ColumnField, Columns } from './columns.js';
import type { CsvRow } from './csv-file.js';
import type { InstantReader } from './instants.js';

export type Bar = MarketDataBatch['records'][number];

/** Why a row of a file was not stored. */
export interface Refusal {
  /** Counted from 1, the header included. */
  line: number;
  field: string;
  reason: string;
}

const UNASSESSED_QUALITY = 100;

/**
 * Makes bars of a file's rows. Prices stay the strings that the file has, so that nothing is lost on the way. Without a
 * column for them, volume is 0, the adjusted close is the close, and the quality score is 100.
 */
export function barReader(
  columns: Columns,
  width: number,
  { symbol, readInstant }: { symbol: string | undefined; readInstant: InstantReader },
): (row: CsvRow) => Bar | Refusal {
  const value = (cells: readonly string[], field: ColumnField): string | undefined => {
    const column = columns[field];
    return column === undefined ? undefined : cells[column];
  };
  const whole = (field: 'volume' | 'qualityScore', text: string) =>
    fieldFromJson(marketData.fields[field], text.replace(/\.0+$/, '')) as number | bigint;

  return ({ cells, line }) => {
    if (cells.length !== width) {
      return { line, field: 'row', reason: `has ${cells.length} columns where the header has ${width}` };
    }
    const empty = Object.entries(columns).find(([, column]) => cells[column] === '');
    if (empty) return { line, field: empty[0], reason: 'is empty' };
    const timestamp = readInstant(value(cells, 'timestamp')!);
    if (typeof timestamp === 'string') return { line, field: 'timestamp', reason: timestamp };
    const close = value(cells, 'close')!;
    return {
      symbol: symbol ?? value(cells, 'symbol')!,
      timestamp,
      open: value(cells, 'open')!,
      high: value(cells, 'high')!,
      low: value(cells, 'low')!,
      close,
      volume: whole('volume', value(cells, 'volume') ?? '0'),
      adjustedClose: value(cells, 'adjustedClose') ?? close,
      qualityScore: whole(
        'qualityScore',
        value(cells, 'qualityScore') ?? String(UNASSESSED_QUALITY),
      ) as number,
    };
  };
}

export const isRefusal = (row: Bar | Refusal): row is Refusal => 'reason' in row;
