import { crc32c } from '@node-rs/crc32';
import { dirname, join } from 'node:path';
import { errorCode, replaceFile, withFile, writeFully, type FileSystem } from '@quantumtrade/dal-runtime/fs';
import { diskError } from '../journal-error.js';

/*
 * The file `cursor`, little-endian: "QTC1", uint64 sequence of the last delivered record, CRC32C of these 12 bytes.
 */
const MAGIC = 'QTC1';
const FILE_BYTES = 16;

/** Error codes of a path that cannot be read: it is replaced as a damaged cursor is. */
const UNREADABLE: ReadonlySet<string | undefined> = new Set(['EACCES', 'EPERM', 'ENXIO', 'ELOOP']);

function encode(position: number): Buffer {
  const bytes = Buffer.alloc(FILE_BYTES);
  bytes.write(MAGIC, 'latin1');
  bytes.writeBigUInt64LE(BigInt(position), 4);
  bytes.writeUInt32LE(crc32c(bytes.subarray(0, 12)), 12);
  return bytes;
}

function decode(bytes: Buffer): number | undefined {
  const intact =
    bytes.toString('latin1', 0, 4) === MAGIC && crc32c(bytes.subarray(0, 12)) === bytes.readUInt32LE(12);
  return intact ? Number(bytes.readBigUInt64LE(4)) : undefined;
}

/** Durable position up to which the journal has been delivered. */
export class Cursor {
  readonly #fs: FileSystem;
  readonly #path: string;
  /** Position of the last delivered record, durably; 0 before the first. */
  position = 0;
  #wanted = 0;
  #persisting: Promise<void> = Promise.resolve();
  #scheduled: Promise<void> | undefined;

  constructor(fs: FileSystem, directory: string) {
    this.#fs = fs;
    this.#path = join(directory, 'cursor');
  }

  /** Reads the file. A damaged file leaves the cursor at 0, so that all records are delivered again. */
  async load(onDamage: () => void): Promise<void> {
    const bytes = await this.#read();
    const position = bytes && decode(bytes);
    if (bytes && position === undefined) onDamage();
    // The file exists from the start, so that a full disk has space for it, and is durable even if a killed process wrote it.
    await this.#persist(position ?? 0);
  }

  /** Returns the position in the file without changing it; 0 where it is missing or damaged. */
  async peek(): Promise<number> {
    const bytes = await this.#read();
    return (bytes && decode(bytes)) ?? 0;
  }

  /** Moves the cursor to a position, durably. Calls made while the disk is busy share the next write. */
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
    const bytes = Buffer.alloc(FILE_BYTES);
    try {
      await withFile(this.#fs, this.#path, 'read', (file) => file.read(bytes, 0));
    } catch (error) {
      if (errorCode(error) === 'ENOENT') return undefined;
      if (!UNREADABLE.has(errorCode(error))) throw error;
    }
    // Zeros decode as a damaged cursor.
    return bytes;
  }

  async #persist(position: number): Promise<void> {
    const bytes = encode(position);
    try {
      await replaceFile(this.#fs, this.#path, [bytes]).catch((error: unknown) => {
        if (diskError('', error).code !== 'DISK_FULL') throw error;
        return this.#overwrite(bytes);
      });
    } catch (error) {
      throw diskError('The cursor could not be persisted', error);
    }
    this.position = position;
  }

  /**
   * Writes the file in place, which works on a full disk, so that delivery can free space. A crash within it damages the cursor,
   * and all records are delivered again; no segment is removed before the sync.
   */
  async #overwrite(bytes: Buffer): Promise<void> {
    await withFile(this.#fs, this.#path, 'write', async (file) => {
      await writeFully(file, [bytes], 0);
      await file.sync();
    });
    // An earlier rename of the file may not be durable yet.
    await this.#fs.syncDirectory(dirname(this.#path));
  }
}
