import { createHash } from 'node:crypto';
import { createReadStream } from 'node:fs';
import type { FileHandle } from 'node:fs/promises';
import { open } from 'node:fs/promises';
import { pipeline, type Readable } from 'node:stream';
import { createGunzip } from 'node:zlib';
import { UsageError } from '../exit-codes.js';

/** Length limit of a line. */
const LONGEST_LINE = 1024 * 1024;

export interface Line {
  readonly text: string;
  /** Counted from 1. */
  readonly number: number;
  /** Bytes of the file on disk up to this line. */
  readonly bytes: number;
}

/**
 * Yields the lines of a text file, which may be compressed by gzip, with one line and one chunk in memory. Throws `UsageError`
 * when the file cannot be read, is no text, or has a line of more than 1 MiB.
 */
export async function* linesOf(file: string): AsyncGenerator<Line> {
  const { text, source } = await openText(file);
  let rest = '';
  let number = 0;
  try {
    for await (const chunk of text as AsyncIterable<string>) {
      const isFirst = number === 0 && rest === '';
      if (isFirst) refuseNoText(file, chunk);
      const pieces = (rest + (isFirst ? chunk.replace(/^\ufeff/, '') : chunk)).split(LINE_END);
      rest = pieces.pop()!;
      // A carriage return at the end may be half of a line's end.
      if (rest === '' && chunk.endsWith('\r')) rest = `${pieces.pop()!}\r`;
      for (const piece of pieces) yield { text: piece, number: ++number, bytes: source.bytesRead };
      if (rest.length > LONGEST_LINE) {
        throw new UsageError(
          `Line ${number + 1} of ${file} is longer than 1 MiB: it is no row of a CSV file.`,
        );
      }
    }
    if (rest !== '') yield { text: rest.replace(/\r$/, ''), number: ++number, bytes: source.bytesRead };
  } catch (error) {
    throw unreadable(file, error);
  } finally {
    source.destroy();
  }
}

const LINE_END = /\r\n|\n|\r/;
const GZIP = Buffer.from([0x1f, 0x8b]);
const UTF16 = /^(?:\ufffd\ufffd|\ufeff?[^\0]\0|\0[^\0])/;

async function openText(
  file: string,
): Promise<{ text: Readable; source: ReturnType<typeof createReadStream> }> {
  const start = Buffer.alloc(GZIP.length);
  let handle: FileHandle | undefined;
  try {
    handle = await open(file);
    await handle.read(start, 0, start.length, 0);
  } catch (error) {
    throw unreadable(file, error);
  } finally {
    await handle?.close();
  }
  const source = createReadStream(file);
  if (!start.equals(GZIP)) return { text: source.setEncoding('utf8'), source };
  // The iteration reports every error of the pipeline.
  const text = pipeline(source, createGunzip(), () => undefined);
  return { text: text.setEncoding('utf8'), source };
}

function refuseNoText(file: string, chunk: string): void {
  if (UTF16.test(chunk)) throw new UsageError(`${file} is UTF-16, or no text: save it as CSV in UTF-8.`);
  if (chunk.includes('\0')) throw new UsageError(`${file} is no text: it must be a CSV file.`);
}

export interface FileIdentity {
  /** SHA-256 of the content. */
  readonly fingerprint: string;
  readonly size: number;
  readonly modifiedAt: Date;
}

/** Identifies a file by one pass over its content. */
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
  const { code, syscall } = error as NodeJS.ErrnoException;
  if (syscall) return new UsageError(`${file} cannot be read (${code}).`);
  return code?.startsWith('Z_') ? new UsageError(`${file} is a damaged gzip file (${code}).`) : error;
}
