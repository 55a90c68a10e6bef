import { createHash } from 'node:crypto';
import type { DatabaseAbstraction } from '@quantumtrade/dal';
import type { Bar, Defaults, Refusal } from './bars.js';
import { barReader, isRefusal } from './bars.js';
import { cellsOf } from './cells.js';
import type { ColumnField, Columns, Mapping } from './columns.js';
import { findColumns } from './columns.js';
import type { DateFormat } from './date-format.js';
import type { Layout } from './layout.js';
import { layoutOf } from './layout.js';
import { styleOf, type DecimalMark, type NumberStyle } from './numbers.js';
import { OneSymbol } from './one-symbol.js';
import { SeenBars } from './seen-bars.js';
import type { FileIdentity } from './text-file.js';
import { identify, linesOf } from './text-file.js';
import { timestampReader } from './timestamps.js';
import type { AmbiguousChoice } from './zones.js';

export interface IngestOptions {
  /** Symbol of every row. In a file with a symbol column, rows of another symbol than the first one are refused. */
  symbol?: string;
  /** Source of the bars; a bar's key is its symbol, timestamp and source. @default csv */
  source?: string;
  /** Names of columns by field, for names that are not usual. */
  mapping?: Mapping;
  /** Names of all columns in order, for a file without a header. */
  columns?: readonly string[];
  /** Format of the timestamps, for one that is not recognised. */
  dateFormat?: DateFormat;
  /** IANA zone of timestamps without a zone. @default UTC */
  timezone?: string;
  /** Instant of a local time that exists twice. Without it, such times are refused. */
  ambiguous?: AmbiguousChoice;
  /** Decimal mark, for a file that does not show it. */
  decimal?: DecimalMark;
  /** Values of empty cells. */
  defaults?: Defaults;
  /** Rounds numbers with more digits than a column keeps. Without it, such numbers are refused. */
  rounding?: 'half-even';
  /** @default 10,000 (rows) */
  batchSize?: number;
  /** Starts at the first row, even after an interrupted ingestion. */
  restart?: boolean;
  signal?: AbortSignal;
  /** Called for every row that is not stored, in order of the file within each batch. */
  onRefusal?: (refusal: Refusal) => void;
  /** Called after every write with the position in the file and the number of rows that the next call can skip. */
  onProgress?: (progress: { bytes: number; size: number; rows: number; settled: number }) => void;
}

export interface IngestReport {
  file: string;
  source: string;
  /** Name of the column of each field; `Date + Time` where two give it. */
  columns: Record<string, string>;
  /** The assumed zone; undefined when all timestamps named one. */
  timezone: string | undefined;
  /** Skipped lines before the header. */
  preambleLines: number;
  /** Rows that an earlier ingestion of this file had settled. */
  resumedAt: number;
  /** Rows read by this call: `insertedCount + updatedCount + refusedCount`. */
  rows: number;
  insertedCount: number;
  updatedCount: number;
  /** Rows of `updatedCount` that lost to a newer version. */
  supersededCount: number;
  refusedCount: number;
  /** Rows that were stored with a rounded number. */
  roundedCount: number;
  durationMs: number;
}

const BATCH_SIZE = 10_000;
/** A constant: a file downloaded again under another name updates its bars. */
const SOURCE = 'csv';

/**
 * Stores the bars of a CSV file, with one batch in memory at a time. After each batch, the number of settled rows is saved under
 * the file's content and reading options, and the next call continues there. Rows from the first refused one on stay unsettled,
 * so the next call refuses them again. Rows are written with the file's modification time: a replay changes nothing, and later
 * corrections stay.
 */
export async function ingestFile(
  database: DatabaseAbstraction,
  file: string,
  options: IngestOptions = {},
): Promise<IngestReport> {
  const started = performance.now();
  const { batchSize = BATCH_SIZE, signal, source = SOURCE, mapping = {}, defaults = {} } = options;
  const layout = await layoutOf(file, { mapping, columns: options.columns });
  const symbol = options.symbol ?? layout.symbol;
  const columns = findColumns(layout.names, mapping, {
    symbolGiven: symbol !== undefined,
    volumeGiven: defaults.volume !== undefined,
  });
  const identity = await identify(file, signal);
  const checkpoint = checkpointName(identity, source, options);
  const resumedAt = options.restart ? 0 : await database.checkpoints.load(checkpoint, { signal });
  const reading = new Reading(layout, columns, symbol, options);
  const counts = {
    rows: 0,
    insertedCount: 0,
    updatedCount: 0,
    supersededCount: 0,
    refusedCount: 0,
    roundedCount: 0,
  };
  let settled = resumedAt;

  for await (const { bars, refusals, end, bytes } of batches(file, reading, batchSize, resumedAt)) {
    const result = await database.insertMarketData(
      {
        records: bars.map(({ bar }) => bar),
        source,
        timestamp: Math.min(identity.modifiedAt.getTime(), Date.now()),
        ...(options.rounding && { rounding: options.rounding }),
      },
      { signal },
    );
    for (const { index, field, reason } of result.errors) {
      const { line, position } = bars[index]!;
      refusals.push({ refusal: { line, field, reason: inWordsOfOptions(reason) }, position });
    }
    refusals.sort((a, b) => a.position - b.position);
    for (const { refusal } of refusals) options.onRefusal?.(refusal);
    counts.rows += bars.length + refusals.length - result.failedCount;
    counts.insertedCount += result.insertedCount;
    counts.updatedCount += result.updatedCount;
    counts.supersededCount += result.supersededCount;
    counts.roundedCount += result.roundedCount;
    if (counts.refusedCount === 0) {
      settled = refusals[0]?.position ?? end;
      await database.checkpoints.save(checkpoint, settled, { signal });
    }
    counts.refusedCount += refusals.length;
    options.onProgress?.({ bytes, size: identity.size, rows: resumedAt + counts.rows, settled });
    signal?.throwIfAborted();
  }
  return {
    file,
    source,
    columns: reading.columnNames,
    timezone: reading.timezone,
    preambleLines: layout.preambleLines,
    resumedAt,
    ...counts,
    durationMs: performance.now() - started,
  };
}

/** Reads the rows of one file. */
class Reading {
  readonly layout: Layout;
  readonly columnNames: Record<string, string>;
  readonly #read: (cells: readonly string[], line: number) => Bar | Refusal;
  readonly #seen = new SeenBars();
  readonly #oneSymbol: OneSymbol | undefined;
  readonly #zone: string;
  #hasLocalTimes = false;

  constructor(layout: Layout, columns: Columns, symbol: string | undefined, options: IngestOptions) {
    this.layout = layout;
    this.#zone = options.timezone ?? 'UTC';
    this.#oneSymbol = options.symbol === undefined ? undefined : new OneSymbol(layout.names);
    this.columnNames = namesOf(columns, layout.names);
    this.#read = barReader({
      columns,
      width: layout.names.length,
      delimiter: layout.delimiter,
      symbol,
      style: options.decimal ? { mark: options.decimal, known: true } : numberStyle(layout, columns),
      defaults: options.defaults ?? {},
      readTimestamp: timestampReader(layout.sample, columns, {
        ...options,
        timezone: this.#zone,
        onLocal: () => (this.#hasLocalTimes = true),
      }),
    });
  }

  get timezone(): string | undefined {
    return this.#hasLocalTimes ? this.#zone : undefined;
  }

  row(text: string, line: number): Bar | Refusal {
    const cells = cellsOf(text, this.layout.delimiter);
    if (!cells) return { line, field: 'row', reason: 'has a quote that is not closed on its line' };
    const bar = this.#read(cells, line);
    if (isRefusal(bar)) return bar;
    const otherSymbol = this.#oneSymbol?.refusal(cells, line);
    if (otherSymbol) return otherSymbol;
    const earlier = this.#seen.add(bar, line);
    if (earlier === undefined) return bar;
    const reason = `repeats the symbol and instant of line ${earlier} with other values, and there is one bar for both: aggregate ticks before`;
    return { line, field: 'timestamp', reason };
  }
}

/** Returns the reason of a refused batch, with the option that sets the member. */
const inWordsOfOptions = (reason: string): string =>
  reason.replace("rounding: 'half-even'", '--rounding half-even');

interface FileBatch {
  bars: { bar: Bar; line: number; position: number }[];
  refusals: { refusal: Refusal; position: number }[];
  /** Rows of the file up to the batch's end. */
  end: number;
  /** Bytes of the file up to there. */
  bytes: number;
}

async function* batches(
  file: string,
  reading: Reading,
  size: number,
  skipped: number,
): AsyncGenerator<FileBatch> {
  let batch: FileBatch = { bars: [], refusals: [], end: 0, bytes: 0 };
  let position = 0;
  for await (const { text, number, bytes } of linesOf(file)) {
    if (number <= reading.layout.headerLine || text === '') continue;
    const bar = reading.row(text, number);
    if (position++ < skipped) continue;
    if (isRefusal(bar)) batch.refusals.push({ refusal: bar, position: position - 1 });
    else batch.bars.push({ bar, line: number, position: position - 1 });
    Object.assign(batch, { end: position, bytes });
    if (batch.bars.length + batch.refusals.length === size) {
      yield batch;
      batch = { bars: [], refusals: [], end: position, bytes };
    }
  }
  if (batch.bars.length + batch.refusals.length > 0) yield batch;
}

const NUMBERS: readonly ColumnField[] = ['open', 'high', 'low', 'close', 'adjustedClose', 'volume'];

function numberStyle({ sample }: Layout, columns: Columns): NumberStyle {
  const indexes = NUMBERS.flatMap((field) => columns[field] ?? []);
  return styleOf(sample.flatMap((cells) => indexes.map((index) => cells[index] ?? '')));
}

function namesOf({ time, ...columns }: Columns, names: readonly string[]): Record<string, string> {
  return Object.fromEntries(
    Object.entries(columns).map(([field, column]) => [
      field,
      field === 'timestamp' && time !== undefined ? `${names[column]} + ${names[time]}` : names[column]!,
    ]),
  );
}

/** Identifies an ingestion by content and reading options, independent of the file's path. */
function checkpointName({ fingerprint }: FileIdentity, source: string, options: IngestOptions): string {
  const {
    symbol,
    mapping = {},
    columns,
    dateFormat,
    timezone,
    ambiguous,
    decimal,
    defaults = {},
    rounding,
  } = options;
  const reading = [
    fingerprint,
    source,
    symbol,
    Object.entries(mapping).sort(),
    columns,
    dateFormat?.name,
    timezone,
    ambiguous,
    decimal,
    Object.entries(defaults).sort(),
    rounding,
  ];
  return `csv2:${createHash('sha256').update(JSON.stringify(reading)).digest('hex')}`;
}
