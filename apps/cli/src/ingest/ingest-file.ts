import { createHash } from 'node:crypto';
import { basename } from 'node:path';
import type { DatabaseAbstraction } from '@quantumtrade/dal';
import { UsageError } from '../exit-codes.js';
import type { Bar, Refusal } from './bars.js';
import { barReader, isRefusal } from './bars.js';
import type { ColumnField } from './columns.js';
import { findColumns } from './columns.js';
import type { CsvRow, FileIdentity } from './csv-file.js';
import { csvRows, identify } from './csv-file.js';
import { instantReader } from './instants.js';

export interface IngestOptions {
  /** Symbol of every row, for a file without a symbol column. */
  symbol?: string;
  /** Default is the file's name. */
  source?: string;
  /** Names of columns by field, where they are not the usual ones. */
  mapping?: Partial<Record<ColumnField, string>>;
  /** Form of the timestamps, where it is not one that can be recognised. */
  dateFormat?: string;
  /** Rows per write. Default is 10,000. */
  batchSize?: number;
  /** Begins at the first row, whatever was stored before. */
  restart?: boolean;
  signal?: AbortSignal;
  /** Told of every row that is not stored, in the order of the file within each batch. */
  onRefusal?: (refusal: Refusal) => void;
  /** Told after every write how far the file is read. */
  onProgress?: (progress: { bytes: number; size: number; rows: number }) => void;
}

export interface IngestReport {
  file: string;
  source: string;
  /** Rows that an earlier ingestion of this file had settled. */
  resumedAt: number;
  /** Rows read this time. `insertedCount + updatedCount + refusedCount`. */
  rows: number;
  insertedCount: number;
  updatedCount: number;
  refusedCount: number;
  durationMs: number;
}

const BATCH_SIZE = 10_000;

/**
 * Stores a CSV file's bars, one batch in memory at a time. How many rows are settled is saved after each batch's answer,
 * under the file's content and the way it is read, so that the next call goes on there. Every row is written as of the
 * file's modification: a replay changes nothing, and a correction made since stays.
 */
export async function ingestFile(
  database: DatabaseAbstraction,
  file: string,
  options: IngestOptions = {},
): Promise<IngestReport> {
  const started = performance.now();
  const { batchSize = BATCH_SIZE, signal } = options;
  const identity = await identify(file, signal);
  const source = options.source ?? basename(file);
  const checkpoint = checkpointName(identity, source, options);
  const resumedAt = options.restart ? 0 : await database.checkpoints.load(checkpoint, { signal });
  const report = { file, source, resumedAt, rows: 0, insertedCount: 0, updatedCount: 0, refusedCount: 0 };

  for await (const { bars, lines, refusals, bytes } of batches(file, batchSize, resumedAt, options)) {
    const result = await database.insertMarketData(
      { records: bars, source, timestamp: Math.min(identity.modifiedAt.getTime(), Date.now()) },
      { signal },
    );
    refusals.push(
      ...result.errors.map(({ index, field, reason }) => ({ line: lines[index]!, field, reason })),
    );
    refusals.sort((a, b) => a.line - b.line).forEach((refusal) => options.onRefusal?.(refusal));
    report.rows += bars.length + refusals.length - result.failedCount;
    report.insertedCount += result.insertedCount;
    report.updatedCount += result.updatedCount;
    report.refusedCount += refusals.length;
    await database.checkpoints.save(checkpoint, resumedAt + report.rows, { signal });
    options.onProgress?.({ bytes, size: identity.size, rows: resumedAt + report.rows });
    signal?.throwIfAborted();
  }
  return { ...report, durationMs: performance.now() - started };
}

interface FileBatch {
  bars: Bar[];
  /** Line of each bar. */
  lines: number[];
  refusals: Refusal[];
  /** Bytes of the file up to the batch's end. */
  bytes: number;
}

async function* batches(
  file: string,
  size: number,
  skipped: number,
  { symbol, mapping = {}, dateFormat }: IngestOptions,
): AsyncGenerator<FileBatch> {
  let read: ((row: CsvRow) => Bar | Refusal) | undefined;
  let batch: FileBatch = { bars: [], lines: [], refusals: [], bytes: 0 };
  let position = 0;
  for await (const row of csvRows(file)) {
    if (!read) {
      const columns = findColumns(row.cells, mapping, { symbolGiven: symbol !== undefined });
      read = barReader(columns, row.cells.length, { symbol, readInstant: instantReader(dateFormat) });
      continue;
    }
    if (position++ < skipped) continue;
    const bar = read(row);
    if (isRefusal(bar)) batch.refusals.push(bar);
    else {
      batch.bars.push(bar);
      batch.lines.push(row.line);
    }
    batch.bytes = row.bytes;
    if (batch.bars.length + batch.refusals.length === size) {
      yield batch;
      batch = { bars: [], lines: [], refusals: [], bytes: row.bytes };
    }
  }
  if (!read) throw new UsageError(`${file} is empty: its first line must name the columns.`);
  if (batch.bars.length + batch.refusals.length > 0) yield batch;
}

/** The same content read the same way is the same ingestion, wherever the file lies. */
function checkpointName(
  { fingerprint }: FileIdentity,
  source: string,
  { symbol, mapping = {}, dateFormat }: IngestOptions,
): string {
  const reading = [fingerprint, source, symbol, Object.entries(mapping).sort(), dateFormat];
  return `csv:${createHash('sha256').update(JSON.stringify(reading)).digest('hex')}`;
}
