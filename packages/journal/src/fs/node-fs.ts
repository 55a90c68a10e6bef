import { constants } from 'node:fs';
import { mkdir, open, readdir, rename, unlink, type FileHandle } from 'node:fs/promises';
import { dirname, resolve } from 'node:path';
import { lockDirectory } from './directory-lock.js';
import { restrictAccess, restrictDirectory } from './restrict-access.js';
import type { JournalFile, JournalFs } from './journal-fs.js';

class NodeFile implements JournalFile {
  readonly #handle: FileHandle;

  constructor(handle: FileHandle) {
    this.#handle = handle;
  }

  async size(): Promise<number> {
    return (await this.#handle.stat()).size;
  }

  async read(buffer: Uint8Array, position: number): Promise<number> {
    return (await this.#handle.read(buffer, 0, buffer.length, position)).bytesRead;
  }

  async write(buffers: readonly Uint8Array[], position: number): Promise<number> {
    return (await this.#handle.writev(buffers, position)).bytesWritten;
  }

  truncate(size: number): Promise<void> {
    return this.#handle.truncate(size);
  }

  sync(): Promise<void> {
    return this.#handle.datasync();
  }

  close(): Promise<void> {
    return this.#handle.close();
  }
}

async function syncDirectory(path: string): Promise<void> {
  const handle = await open(path, 'r');
  try {
    await handle.sync();
  } finally {
    await handle.close();
  }
}

/** A named pipe that somebody put in the way does not keep the opener waiting. */
const AT_ONCE = constants.O_NONBLOCK ?? 0;

const flags = {
  create: constants.O_RDWR | constants.O_CREAT | constants.O_EXCL,
  read: constants.O_RDONLY | AT_ONCE,
  write: constants.O_RDWR | AT_ONCE,
} as const;

/** The machine's own file system. Needs a local one that knows Unix sockets (Linux, macOS). */
export const nodeFs: JournalFs = {
  async makeDirectory(path) {
    const first = await mkdir(path, { recursive: true, mode: 0o700 });
    if (first === undefined) return restrictDirectory(path);
    for (let made = resolve(path); ; made = dirname(made)) {
      await syncDirectory(dirname(made));
      if (made === resolve(first)) return;
    }
  },
  list: (directory) => readdir(directory),
  async open(path, mode) {
    const handle = await open(path, flags[mode], 0o600);
    if (mode !== 'create' && !(await handle.stat()).isFile()) {
      await handle.close();
      throw Object.assign(new Error('Not a regular file'), { code: 'ENXIO', path });
    }
    return new NodeFile(handle);
  },
  rename,
  unlink,
  syncDirectory,
  restrictAccess,
  lock: lockDirectory,
};
