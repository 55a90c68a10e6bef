import { crc32c } from '@node-rs/crc32';
import { dirname, join } from 'node:path';
import { errorCode, type FileSystem, ignoreMissing, writeFully } from '@quantumtrade/dal-runtime/fs';
import { diskError } from '../journal-error.js';

/*
 * The file `cursor`, little-endian: "QTC1", uint64 sequence of the last delivered record, CRC32C of the 12 bytes before.
 */
const magic = 'QTC1';
const fileBytes = 16;

/** What is in the way is replaced like a damaged cursor, where the directory allows it. */
const UNREADABLE: ReadonlySet<string | undefined> = new Set(['EACCES', 'EPERM', 'ENXIO', 'ELOOP']);

function encode(position: number): Buffer {
  const bytes = Buffer.alloc(fileBytes);
  bytes.write(magic, 'latin1');
  bytes.writeBigUInt64LE(BigInt(position), 4);
  bytes.writeUInt32LE(crc32c(bytes.subarray(0, 12)), 12);
  return bytes;
}

function decode(bytes: Buffer): number | undefined {
  const intact =
    bytes.toString('latin1', 0, 4) === magic && crc32c(bytes.subarray(0, 12)) === bytes.readUInt32LE(12);
  return intact ? Number(bytes.readBigUInt64LE(4)) : undefined;
}

/** How far the journal has been delivered, durably. */
export class Cursor {
  readonly #fs: FileSystem;
  readonly #path: string;
  /** Everything up to here is delivered, and the disk knows. 0 is nothing. */
  position = 0;
  #wanted = 0;
  #persisting: Promise<void> = Promise.resolve();
  #scheduled: Promise<void> | undefined;

  constructor(fs: FileSystem, directory: string) {
    this.#fs = fs;
    this.#path = join(directory, 'cursor');
  }

  /** Reads the file. A damaged one is told and leaves the cursor at 0, which delivers again from the oldest record. */
  async load(damaged: () => void): Promise<void> {
    const bytes = await this.#read();
    const position = bytes && decode(bytes);
    if (bytes && position === undefined) damaged();
    // There from the start, so that a full disk has room for it, and durable whatever a killed process had begun.
    await this.#persist(position ?? 0);
  }

  /** Moves on to a position, durably. Calls that come while the disk is busy share its next round. */
  advance(position: number): Promise<void> {
    if (position <= this.position) return Promise.resolve();
    this.#wanted = Math.max(this.#wanted, position);
    this.#scheduled ??= this.#persisting
      .catch(() => undefined)
      .then(() => {
        this.#scheduled = undefined;
        return (this.#persisting = this.#persist(this.#wanted));
      });
    return this.#scheduled;
  }

  async #read(): Promise<Buffer | undefined> {
    const file = await this.#fs.open(this.#path, 'read').catch((error: unknown) => {
      if (errorCode(error) === 'ENOENT') return undefined;
      if (UNREADABLE.has(errorCode(error))) return null;
      throw error;
    });
    if (file === undefined) return undefined;
    // Zeros are no cursor.
    if (file === null) return Buffer.alloc(fileBytes);
    try {
      const bytes = Buffer.alloc(fileBytes);
      await file.read(bytes, 0);
      return bytes;
    } finally {
      await file.close();
    }
  }

  async #persist(position: number): Promise<void> {
    const bytes = encode(position);
    try {
      await this.#replace(bytes).catch((error: unknown) => {
        if (diskError('', error).code !== 'DISK_FULL') throw error;
        return this.#overwrite(bytes);
      });
      // Also after writing in place: the file there may have got its name by a rename that was never made durable.
      await this.#fs.syncDirectory(dirname(this.#path));
    } catch (error) {
      throw diskError('The cursor could not be persisted', error);
    }
    this.position = position;
  }

  async #replace(bytes: Buffer): Promise<void> {
    const temporary = `${this.#path}.tmp`;
    // A new file each time: one whose sync failed is not to be trusted any more.
    await ignoreMissing(this.#fs.unlink(temporary));
    await this.#write(temporary, 'create', bytes);
    await this.#fs.rename(temporary, this.#path);
  }

  /**
   * What a full disk still allows, so that delivery can make room. A crash in the middle damages the cursor, which
   * delivers again; nothing is removed before the sync.
   */
  #overwrite(bytes: Buffer): Promise<void> {
    return this.#write(this.#path, 'write', bytes);
  }

  async #write(path: string, mode: 'create' | 'write', bytes: Buffer): Promise<void> {
    const file = await this.#fs.open(path, mode);
    try {
      await writeFully(file, [bytes], 0);
      await file.sync();
    } finally {
      await file.close();
    }
  }
}
