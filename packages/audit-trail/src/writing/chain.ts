import { join } from 'node:path';
import { ignoreMissing, withFile, writeFully, type FileSystem } from '@quantumtrade/dal-runtime/fs';
import { AuditTrailError } from '../audit-trail-error.js';
import { dayOf, dayOfFile, trailFileName, trailFiles } from '../files/file-name.js';
import { readWhole } from '../files/read-file.js';
import {
  readHead,
  requireHead,
  writeHead,
  type HeadRecord,
  type AnnouncedLines,
} from '../format/head-file.js';
import { EMPTY_TRAIL, follows, readLine, writeLine, type AuditHead } from '../format/line.js';
import type { Sealer } from '../format/seal.js';

/** Repair of the unfinished end that a crash has left. */
export interface Recovery {
  /** Number of complete lines that were not acknowledged. They are kept. */
  readonly keptLines: number;
  /** Bytes of a torn line, which are removed. */
  readonly tornBytes: number;
}

export interface ChainSettings {
  readonly fs: FileSystem;
  readonly directory: string;
  readonly sealer: Sealer;
  readonly maxFileBytes: number;
  readonly onRecovery: (recovery: Recovery) => void;
}

/** The stored end of the chain. Its methods require the lock of the directory. */
export class ChainEnd {
  readonly #settings: ChainSettings;
  /** Last hash of a group whose write failed. */
  #failedHash: string | undefined;

  constructor(settings: ChainSettings) {
    this.#settings = settings;
  }

  /** Begins a missing trail and repairs the unfinished end that a crash has left. */
  async open(): Promise<void> {
    const { fs, directory, sealer } = this.#settings;
    const { state } = await readHead(fs, directory, sealer);
    if (state === 'missing' && (await trailFiles(fs, directory)).length === 0) {
      await writeHead(fs, directory, sealer, { head: EMPTY_TRAIL, size: 0 });
    }
    await this.#current();
  }

  /**
   * Appends entries durably, all or none. The head announces the group before its first byte is written, so that a torn end can
   * be recognized, and acknowledges it after the last.
   */
  async append(entries: readonly { readonly time: string; readonly entry: object }[]): Promise<void> {
    const { fs, directory, sealer } = this.#settings;
    const current = await this.#current();
    let head = current.head;
    const lines = entries.map(({ time, entry }) => {
      const line = writeLine(sealer, head, time, entry);
      head = line.head;
      return line.text;
    });
    const bytes = Buffer.from(lines.join(''));
    const file = this.#fileFor(current, entries[0]!.time);
    const offset = file === current.file ? current.size : 0;
    const writing: AnnouncedLines = { head, file, bytes: bytes.length };
    try {
      await writeHead(fs, directory, sealer, { ...current, writing });
      await this.#write(file, offset, bytes, offset === 0 ? 'create' : 'write');
      await writeHead(fs, directory, sealer, { head, file, size: offset + bytes.length });
    } catch (error) {
      this.#failedHash = head.hash;
      throw error;
    }
  }

  /** Returns the current end of the chain. Repairs an unfinished one first. */
  async #current(): Promise<HeadRecord> {
    const { fs, directory, sealer } = this.#settings;
    const record = await requireHead(fs, directory, sealer);
    if (record.writing) return this.#recover(record, record.writing);
    if ((await this.#sizeOf(record.file)) !== record.size) {
      throw damagedError(directory, `${record.file} has another size than the head says`);
    }
    return record;
  }

  async #recover({ writing: _, ...before }: HeadRecord, writing: AnnouncedLines): Promise<HeadRecord> {
    const { fs, directory, sealer, onRecovery } = this.#settings;
    const path = join(directory, writing.file);
    const offset = writing.file === before.file ? before.size : 0;
    const size = await this.#sizeOf(writing.file);
    if (size < offset || size > offset + writing.bytes) {
      throw damagedError(directory, `${writing.file} has another size than the head says`);
    }
    const tail = (await readWhole(fs, path, { from: offset })) ?? Buffer.alloc(0);
    const kept =
      writing.head.hash === this.#failedHash
        ? { head: before.head, lines: 0, bytes: 0 }
        : intactLines(sealer, before.head, tail);
    let record: HeadRecord = before;
    if (kept.bytes > 0) {
      record = { head: kept.head, file: writing.file, size: offset + kept.bytes };
      // Written again: after a failed sync they may be in the page cache alone.
      await this.#write(writing.file, offset, tail.subarray(0, kept.bytes), 'write');
      if (offset === 0) await fs.syncDirectory(directory);
    } else if (offset === 0) {
      await ignoreMissing(fs.unlink(path));
      await fs.syncDirectory(directory);
    } else {
      await this.#write(writing.file, offset, Buffer.alloc(0), 'write');
    }
    await writeHead(fs, directory, sealer, record);
    onRecovery({ keptLines: kept.lines, tornBytes: tail.length - kept.bytes });
    return record;
  }

  #fileFor({ file, size, head }: HeadRecord, time: string): string {
    const isCurrent =
      file !== undefined && size < this.#settings.maxFileBytes && dayOfFile(file) === dayOf(time);
    return isCurrent ? file : trailFileName(head.sequence + 1, time);
  }

  /** Replaces the content of a file from an offset on. */
  async #write(name: string, offset: number, bytes: Buffer, mode: 'create' | 'write'): Promise<void> {
    const { fs, directory } = this.#settings;
    await withFile(fs, join(directory, name), mode, async (file) => {
      await file.truncate(offset);
      if (bytes.length > 0) await writeFully(file, [bytes], offset);
      await file.sync();
    });
    if (mode === 'create') await fs.syncDirectory(directory);
  }

  async #sizeOf(name: string | undefined): Promise<number> {
    const { fs, directory } = this.#settings;
    if (name === undefined) return 0;
    const size = await ignoreMissing(withFile(fs, join(directory, name), 'read', (file) => file.size()));
    return size ?? 0;
  }
}

/** Returns the complete lines at the beginning of a text that continue the chain after the head. */
function intactLines(
  sealer: Sealer,
  head: AuditHead,
  text: Buffer,
): { head: AuditHead; lines: number; bytes: number } {
  let last = head;
  let bytes = 0;
  for (let end = text.indexOf('\n'); end >= 0; end = text.indexOf('\n', bytes)) {
    const line = readLine(sealer, text.subarray(bytes, end));
    if (line === undefined || !follows(line, last)) break;
    last = { sequence: line.sequence, hash: line.hash };
    bytes = end + 1;
  }
  return { head: last, lines: last.sequence - head.sequence, bytes };
}

const damagedError = (directory: string, reason: string): AuditTrailError =>
  new AuditTrailError(
    'DAMAGED',
    `The audit trail ${directory} was changed: ${reason}. Verify it, keep it as evidence, and begin another directory`,
  );
