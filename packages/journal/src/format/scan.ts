import type { FileHandle } from '@quantumtrade/dal-runtime/fs';
import { JournalError } from '../journal-error.js';
import { isZero } from './zeros.js';
import { decodeHeader, HEADER_BYTES, isIntact, MAGIC, recordSeed } from './record.js';

const WINDOW_BYTES = 1024 * 1024;

export interface ByteRange {
  readonly start: number;
  /** End, exclusive. */
  readonly end: number;
}

export interface ScannedRecord extends ByteRange {
  readonly kind: 'record';
  readonly sequence: number;
  readonly id: string;
  readonly payload: Buffer;
}

export interface ScannedDamage extends ByteRange {
  readonly kind: 'damage';
  /** Whether it looks like an unfinished write: a record cut off by the end of the range, or zeros up to it. */
  readonly unfinished: boolean;
}

export interface ScanOptions extends ByteRange {
  readonly salt: number;
}

/** Yields the intact records of a segment in their order, and the ranges between them without one. */
export async function* scanRecords(
  file: FileHandle,
  { start, end, salt }: ScanOptions,
): AsyncGenerator<ScannedRecord | ScannedDamage, void> {
  const window = new Window(file, end);
  let damagedFrom: number | undefined;
  let at = start;
  let isCutOff = false;
  while (at < end) {
    const header =
      end - at < HEADER_BYTES
        ? undefined
        : decodeHeader(await window.view(at, HEADER_BYTES), recordSeed(salt, at));
    if (header === undefined) {
      damagedFrom ??= at;
      isCutOff = damagedFrom === at && end - at < HEADER_BYTES;
      at = await window.find(MAGIC, at + 1);
      continue;
    }
    const next = at + header.bytes;
    if (next > end) {
      isCutOff = damagedFrom === undefined;
      damagedFrom ??= at;
      break;
    }
    const body = await window.view(at + HEADER_BYTES, header.bytes - HEADER_BYTES);
    if (isIntact(body, header)) {
      if (damagedFrom !== undefined) yield { kind: 'damage', start: damagedFrom, end: at, unfinished: false };
      damagedFrom = undefined;
      yield {
        kind: 'record',
        start: at,
        end: next,
        sequence: header.sequence,
        id: body.toString('utf8', 0, header.idBytes),
        payload: body.subarray(header.idBytes),
      };
    } else {
      damagedFrom ??= at;
    }
    at = next;
  }
  if (damagedFrom !== undefined) {
    const unfinished = isCutOff || (await window.isZero(damagedFrom));
    yield { kind: 'damage', start: damagedFrom, end, unfinished };
  }
}

/** Reads a file up to a given end in large pieces. Pieces are never overwritten, so views of them stay valid. */
class Window {
  readonly #file: FileHandle;
  readonly #end: number;
  #start = 0;
  #bytes: Buffer = Buffer.alloc(0);

  constructor(file: FileHandle, end: number) {
    this.#file = file;
    this.#end = end;
  }

  async view(start: number, length: number): Promise<Buffer> {
    const offset = start - this.#start;
    if (offset >= 0 && offset + length <= this.#bytes.length)
      return this.#bytes.subarray(offset, offset + length);
    await this.#load(start, Math.min(Math.max(length, WINDOW_BYTES), this.#end - start));
    return this.#bytes.subarray(0, length);
  }

  /** Returns the next position of the pattern, or the end. */
  async find(pattern: Buffer, from: number): Promise<number> {
    for (let at = from; at + pattern.length <= this.#end; at += WINDOW_BYTES - pattern.length + 1) {
      const piece = await this.view(at, Math.min(WINDOW_BYTES, this.#end - at));
      const found = piece.indexOf(pattern);
      if (found !== -1) return at + found;
    }
    return this.#end;
  }

  async isZero(from: number): Promise<boolean> {
    for (let at = from; at < this.#end; at += WINDOW_BYTES) {
      const piece = await this.view(at, Math.min(WINDOW_BYTES, this.#end - at));
      if (!isZero(piece)) return false;
    }
    return true;
  }

  async #load(start: number, length: number): Promise<void> {
    const bytes = Buffer.allocUnsafe(length);
    for (let filled = 0; filled < length;) {
      const count = await this.#file.read(bytes.subarray(filled), start + filled);
      if (count === 0) throw new JournalError('IO', 'A segment is shorter than what was written to it');
      filled += count;
    }
    this.#start = start;
    this.#bytes = bytes;
  }
}
