import { CsvError } from 'csv-parse';
import { parse } from 'csv-parse/sync';

export const DELIMITERS = [',', ';', '\t', '|'] as const;

export type Delimiter = (typeof DELIMITERS)[number];

const QUOTE_OPEN: ReadonlySet<string> = new Set(['CSV_QUOTE_NOT_CLOSED', 'CSV_INVALID_CLOSING_QUOTE']);

/**
 * Splits a line into cells without surrounding blanks. Returns undefined for an open quote, so that it affects no other line:
 * cells of bars have no line breaks.
 */
export function cellsOf(line: string, delimiter: Delimiter): string[] | undefined {
  if (!line.includes('"')) return line.split(delimiter).map((cell) => cell.trim());
  try {
    const [cells = []] = parse(line, { delimiter, relax_quotes: true }) as string[][];
    return cells.map((cell) => cell.trim());
  } catch (error) {
    if (error instanceof CsvError && QUOTE_OPEN.has(error.code)) return undefined;
    throw error;
  }
}
