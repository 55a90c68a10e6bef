import { CsvError } from 'csv-parse';
import { parse } from 'csv-parse/sync';

export const DELIMITERS = [',', ';', '\t', '|'] as const;

export type Delimiter = (typeof DELIMITERS)[number];

const QUOTE_OPEN: ReadonlySet<string> = new Set(['CSV_QUOTE_NOT_CLOSED', 'CSV_INVALID_CLOSING_QUOTE']);

/**
 * Splits a line into cells without surrounding blanks. A quote ends on its line, since no cell of a bar has several:
 * undefined when it does not, so that an open quote costs no other line.
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
