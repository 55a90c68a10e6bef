import { UsageError } from '../exit-codes.js';
import { cellsOf, DELIMITERS, type Delimiter } from './cells.js';
import { isUsualName, type Mapping } from './columns.js';
import { linesOf, type Line } from './text-file.js';

/** The layout of a CSV file. */
export interface Layout {
  readonly delimiter: Delimiter;
  /** Names of the columns; empty for columns without a name. */
  readonly names: readonly string[];
  /** The line before the first row. */
  readonly headerLine: number;
  /** Lines before the header that are not empty. */
  readonly preambleLines: number;
  /** The symbol in a header of yfinance. */
  readonly symbol?: string | undefined;
  /** The first rows. */
  readonly sample: readonly (readonly string[])[];
}

export interface LayoutOptions {
  mapping: Mapping;
  /** Names of the columns in order, for a file without a header. */
  columns?: readonly string[] | undefined;
}

const SAMPLE_LINES = 1_000;
const SAMPLE_LENGTH = 1024 * 1024;
/** Number of first lines that may hold the header. */
const HEADER_WITHIN = 30;
const MOST_COLUMNS = 1_000;
/** Names that make a line a header. */
const ENOUGH_NAMES = 3;

/**
 * Finds the delimiter and the header in the first lines of a file.
 * @throws {UsageError} when the file is empty, has too many columns, or has data in place of names
 */
export async function layoutOf(file: string, options: LayoutOptions): Promise<Layout> {
  const lines = await firstLines(file);
  if (lines.length === 0) throw new UsageError(`${file} is empty: its first line must name the columns.`);
  const layout = options.columns
    ? namedLayout(lines, options.columns)
    : headedLayout(file, lines, options.mapping);
  if (layout.names.length > MOST_COLUMNS) {
    throw new UsageError(`${file} has ${layout.names.length} columns: there may be ${MOST_COLUMNS} at most.`);
  }
  return layout;
}

async function firstLines(file: string): Promise<Line[]> {
  const lines: Line[] = [];
  let length = 0;
  for await (const line of linesOf(file)) {
    if (line.text !== '') lines.push(line);
    length += line.text.length;
    if (lines.length >= SAMPLE_LINES || length >= SAMPLE_LENGTH) break;
  }
  return lines;
}

function namedLayout(lines: readonly Line[], columns: readonly string[]): Layout {
  const delimiter = best(DELIMITERS, (each) => lines[0]!.text.split(each).length);
  const sample = rowsOf(lines, delimiter);
  const names = [...columns, ...Array<string>(Math.max(0, sample[0]!.length - columns.length)).fill('')];
  return { delimiter, names, headerLine: 0, preambleLines: 0, sample };
}

function headedLayout(file: string, lines: readonly Line[], mapping: Mapping): Layout {
  const mapped = new Set(Object.values(mapping));
  const score = (cells: readonly string[]) =>
    cells.filter((name) => mapped.has(name) || isUsualName(name)).length;
  const candidates = DELIMITERS.flatMap((delimiter) =>
    lines.slice(0, HEADER_WITHIN).map((line, index) => {
      const cells = cellsOf(line.text, delimiter) ?? [];
      return { delimiter, line, index, cells, score: score(cells) };
    }),
  );
  const header = best(candidates, (each) => each.score);
  const { delimiter, cells, index } = header.score >= ENOUGH_NAMES ? header : firstLine(file, candidates);
  const rows = rowsOf(lines.slice(index + 1), delimiter);
  const tickers = tickersBelow(file, rows);
  const skipped = tickers ? 2 : 0;
  return {
    delimiter,
    names: tickers ? [tickers.timestamp, ...cells.slice(1)] : cells,
    headerLine: lines[index + skipped]!.number,
    preambleLines: index,
    symbol: tickers?.symbol,
    sample: rows.slice(skipped),
  };
}

/** Returns the first line as the header, so that an error can name what it lacks. Refuses data, which must not be lost. */
function firstLine<C extends { index: number; cells: readonly string[] }>(
  file: string,
  candidates: readonly C[],
): C {
  const first = best(
    candidates.filter(({ index }) => index === 0),
    ({ cells }) => cells.length,
  );
  const numbers = first.cells.filter((cell) => /^[-+]?[\d.,:/ ]*\d[\d.,:/ ]*$/.test(cell)).length;
  if (numbers * 2 < first.cells.length) return first;
  throw new UsageError(
    `${file} does not name its columns: its first line is data. Name them in order with --columns, ` +
      'e.g. --columns timestamp,open,high,low,close,volume',
  );
}

/**
 * Reads the two lines below a header of yfinance: `Ticker,A,A,…` and `Date,,,…`.
 * @throws {UsageError} for a file of several tickers side by side
 */
function tickersBelow(
  file: string,
  [tickers, names]: readonly (readonly string[])[],
): { symbol: string; timestamp: string } | undefined {
  if (tickers?.[0] !== 'Ticker' || !names || !/^date(?:time)?$/i.test(names[0]!)) return undefined;
  if (names.slice(1).some((name) => name !== '')) return undefined;
  const symbols = new Set(tickers.slice(1).filter((name) => name !== ''));
  if (symbols.size === 1) return { symbol: [...symbols][0]!, timestamp: names[0]! };
  throw new UsageError(`${file} has several tickers side by side: save one file for each.`);
}

const rowsOf = (lines: readonly Line[], delimiter: Delimiter): string[][] =>
  lines.map(({ text }) => cellsOf(text, delimiter) ?? []);

/** Returns the first item with the highest value. */
function best<T>(choices: readonly T[], value: (choice: T) => number): T {
  return choices.reduce((most, choice) => (value(choice) > value(most) ? choice : most));
}
