import { join } from 'node:path';
import { type FileSystem, ignoreMissing, writeFully } from '@quantumtrade/dal-runtime/fs';
import { AuditTrailError } from '../audit-trail-error.js';
import { dayOf, dayOfFile, fileName, trailFiles } from '../files/file-name.js';
import { readWhole } from '../files/read-file.js';
import { readHead, requireHead, writeHead, type HeadRecord, type Writing } from '../format/head-file.js';
import { beginning, follows, readLine, writeLine, type AuditHead } from '../format/line.js';
import type { Sealer } from '../format/seal.js';

/** What a crash had left, and what was made of it. */
export interface Recovery {
  /** Whole lines that nobody had been told of; they stay. */
  readonly keptLines: number;
  /** Bytes of a torn line; they are gone. */
  readonly tornBytes: number;
}

export interface ChainSettings {
  readonly fs: FileSystem;
  readonly directory: string;
  readonly sealer: Sealer;
  readonly maxFileBytes: number;
  readonly onRecovery: (recovery: Recovery) => void;
}

/** The end of the chain on the disk. Every method is to be called while the directory is locked. */
export class ChainEnd {
  readonly #settings: ChainSettings;
  /** The hash that a group of ours would have ended with, had it not failed. */
  #failed: string | undefined;

  constructor(settings: ChainSettings) {
    this.#settings = settings;
  }

  /** Begins the trail where there is none, and repairs what a crash has left. */
  async open(): Promise<void> {
    const { fs, directory, sealer } = this.#settings;
    const { state } = await readHead(fs, directory, sealer);
    if (state === 'missing' && (await trailFiles(fs, directory)).length === 0) {
      await writeHead(fs, directory, sealer, { head: beginning, size: 0 });
    }
    await this.#current();
  }

  /**
   * Adds entries, durably, all of them or none. The head is told first what comes, so that a torn end is known for what
   * it is, and told last that it is there.
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
    const writing: Writing = { head, file, bytes: bytes.length };
    try {
      await writeHead(fs, directory, sealer, { ...current, writing });
      await this.#write(file, offset, bytes, offset === 0 ? 'create' : 'write');
      await writeHead(fs, directory, sealer, { head, file, size: offset + bytes.length });
    } catch (error) {
      this.#failed = head.hash;
      throw error;
    }
  }

  /** Where the chain ends now, once what a crash left behind it is dealt with. */
  async #current(): Promise<HeadRecord> {
    const { fs, directory, sealer } = this.#settings;
    const record = await requireHead(fs, directory, sealer);
    if (record.writing) return this.#recover(record, record.writing);
    if ((await this.#sizeOf(record.file)) !== record.size) {
      throw damaged(directory, `${record.file} does not end where the head says`);
    }
    return record;
  }

  async #recover({ writing: _, ...before }: HeadRecord, writing: Writing): Promise<HeadRecord> {
    const { fs, directory, sealer, onRecovery } = this.#settings;
    const path = join(directory, writing.file);
    const offset = writing.file === before.file ? before.size : 0;
    const size = await this.#sizeOf(writing.file);
    if (size < offset || size > offset + writing.bytes) {
      throw damaged(directory, `${writing.file} does not end where the head says`);
    }
    const tail = (await readWhole(fs, path, { from: offset })) ?? Buffer.alloc(0);
    const kept =
      writing.head.hash === this.#failed
        ? { head: before.head, lines: 0, bytes: 0 }
        : intactLines(sealer, before.head, tail);
    let record: HeadRecord = before;
    if (kept.bytes > 0) {
      record = { head: kept.head, file: writing.file, size: offset + kept.bytes };
      // Written again, since a sync that failed may have left them in the cache alone.
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
    const goesOn =
      file !== undefined && size < this.#settings.maxFileBytes && dayOfFile(file) === dayOf(time);
    return goesOn ? file : fileName(head.sequence + 1, time);
  }

  /** Makes these bytes the end of a file. */
  async #write(name: string, offset: number, bytes: Buffer, mode: 'create' | 'write'): Promise<void> {
    const { fs, directory } = this.#settings;
    const file = await fs.open(join(directory, name), mode);
    try {
      await file.truncate(offset);
      if (bytes.length > 0) await writeFully(file, [bytes], offset);
      await file.sync();
    } finally {
      await file.close();
    }
    if (mode === 'create') await fs.syncDirectory(directory);
  }

  async #sizeOf(name: string | undefined): Promise<number> {
    const { fs, directory } = this.#settings;
    if (name === undefined) return 0;
    const file = await fs.open(join(directory, name), 'read').catch((error: { code?: string }) => {
      if (error.code !== 'ENOENT') throw error;
      return undefined;
    });
    if (file === undefined) return 0;
    try {
      return await file.size();
    } finally {
      await file.close();
    }
  }
}

/** The whole lines that a text begins with, as far as they follow the head and each other. */
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

const damaged = (directory: string, what: string): AuditTrailError =>
  new AuditTrailError(
    'DAMAGED',
    `The audit trail ${directory} is not as it was left: ${what}. Verify it, keep it as evidence, and begin another directory`,
  );
