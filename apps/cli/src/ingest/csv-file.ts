import { createHash } from 'node:crypto';
import { createReadStream } from 'node:fs';
import type { FileHandle } from 'node:fs/promises';
import { open } from 'node:fs/promises';
import { pipeline } from 'node:stream';
import type { Info } from 'csv-parse';
import { CsvError, parse } from 'csv-parse';
import { UsageError } from '../exit-codes.js';

/** A longer record is no record but a quote that was never closed. */
const LONGEST_RECORD = 1024 * 1024;

/** A row of a CSV file as text without surrounding blanks, and where it stands. */
export interface CsvRow {
  readonly cells: readonly string[];
  /** The line that the row ends on, counted from 1. */
  readonly line: number;
  /** Bytes of the file up to the end of this row. */
  readonly bytes: number;
}

/**
 * The rows of a CSV file one by one, the header first; never more than a few in memory. Empty lines are passed over.
 * Throws `UsageError` when the file cannot be read, or when a quote is never closed, so that no row can be told apart.
 */
export async function* csvRows(file: string): AsyncGenerator<CsvRow> {
  const parser = parse({
    bom: true,
    info: true,
    relax_column_count: true,
    relax_quotes: true,
    skip_empty_lines: true,
    max_record_size: LONGEST_RECORD,
  });
  // The iteration reports every error of the pipeline.
  pipeline(createReadStream(file), parser, () => undefined);
  try {
    for await (const { record, info } of parser as AsyncIterable<{ record: string[]; info: Info }>) {
      yield { cells: record.map((cell) => cell.trim()), line: info.lines, bytes: info.bytes };
    }
  } catch (error) {
    throw unreadable(file, error);
  }
}

export interface FileIdentity {
  /** SHA-256 of the content. */
  readonly fingerprint: string;
  readonly size: number;
  readonly modifiedAt: Date;
}

/** What the file is, from one pass over its content. */
export async function identify(file: string, signal?: AbortSignal): Promise<FileIdentity> {
  let handle: FileHandle | undefined;
  try {
    handle = await open(file);
    const { size, mtime } = await handle.stat();
    const hash = createHash('sha256');
    for await (const chunk of handle.createReadStream({ autoClose: false, signal }))
      hash.update(chunk as Buffer);
    return { fingerprint: hash.digest('hex'), size, modifiedAt: mtime };
  } catch (error) {
    throw unreadable(file, error);
  } finally {
    await handle?.close();
  }
}

function unreadable(file: string, error: unknown): unknown {
  if (error instanceof CsvError) {
    return new UsageError(`${file} has a quote before line ${error['lines']} that is never closed.`);
  }
  const { code, syscall } = error as NodeJS.ErrnoException;
  return syscall ? new UsageError(`${file} cannot be read (${code}).`) : error;
}
