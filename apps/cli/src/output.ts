import { printable, printableLines, type Terminal } from './terminal.js';

/** Prints the result of a command on standard output, as text or JSON, and everything else on standard error. */
export class Output {
  readonly #io: Terminal;
  readonly #json: boolean;

  constructor(io: Terminal, json: boolean) {
    this.#io = io;
    this.#json = json;
  }

  /** Prints the command's result. Call once. */
  result(document: unknown, text: () => string): void {
    this.#io.stdout.write(`${this.#json ? toJson(document) : text()}\n`);
  }

  /** Prints a note while the command runs. */
  note(text: string): void {
    this.#io.stderr.write(`${text}\n`);
  }

  /** The stream for a progress bar; undefined without a terminal. */
  get progress(): Terminal['progress'] {
    return this.#io.progress;
  }
}

/** Returns printable JSON with 64-bit integers as strings, because JSON numbers lose their digits. */
export function toJson(document: unknown, indent = 2): string {
  return printableLines(
    JSON.stringify(
      document,
      (_, value: unknown) => (typeof value === 'bigint' ? String(value) : value),
      indent,
    ),
  );
}

/** Formats rows as aligned columns, numbers to the right. The columns are those of the first row. */
export function table(rows: readonly Readonly<Record<string, unknown>>[]): string {
  const columns = Object.keys(rows[0] ?? {});
  const cells = rows.map((row) => columns.map((column) => cell(row[column])));
  const widths = columns.map((column, i) =>
    cells.reduce((width, line) => Math.max(width, line[i]!.length), column.length),
  );
  const right = columns.map((column) => rows.every((row) => isNumeric(row[column])));
  const line = (texts: readonly string[]) =>
    texts
      .map((text, i) => (right[i] ? text.padStart(widths[i]!) : text.padEnd(widths[i]!)))
      .join('  ')
      .trimEnd();
  return [line(columns), line(widths.map((width) => '-'.repeat(width))), ...cells.map(line)].join('\n');
}

const isNumeric = (value: unknown): boolean =>
  value == null ||
  typeof value === 'number' ||
  typeof value === 'bigint' ||
  (typeof value === 'string' && /^-?[\d,]+(\.\d+)?( ms| s|%)?$/.test(value));

function cell(value: unknown): string {
  if (value == null) return '';
  if (value instanceof Date) return value.toISOString();
  return printable(typeof value === 'object' ? toJson(value, 0) : String(value));
}

export const count = (value: number): string => value.toLocaleString('en-US');

const BYTE_UNITS = ['bytes', 'KiB', 'MiB', 'GiB', 'TiB'];

export function bytes(value: number): string {
  const power = Math.min(Math.floor(Math.log2(Math.max(value, 1)) / 10), BYTE_UNITS.length - 1);
  return `${(value / 1024 ** power).toFixed(power === 0 ? 0 : 1)} ${BYTE_UNITS[power]}`;
}

export const milliseconds = (value: number): string =>
  `${value.toFixed(value < 10 ? 2 : value < 100 ? 1 : 0)} ms`;

export const seconds = (ms: number): string => `${(ms / 1000).toFixed(1)} s`;
