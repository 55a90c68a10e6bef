import { constants } from 'node:fs';
import {
  lstat,
  mkdir,
  open,
  readdir,
  rename,
  rmdir,
  unlink,
  type FileHandle as NodeFileHandle,
} from 'node:fs/promises';
import { dirname, join, resolve } from 'node:path';
import { lockDirectory } from './directory-lock.js';
import type { DirectoryEntry, FileHandle, FileSystem } from './file-system.js';
import { ignoreMissing } from './files.js';
import { restrictAccess, restrictDirectory } from './restrict-access.js';

class NodeFile implements FileHandle {
  readonly #handle: NodeFileHandle;

  constructor(handle: NodeFileHandle) {
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

/** Entries whose sizes and times are read at the same time. */
const ENTRIES_AT_ONCE = 64;

async function entries(directory: string): Promise<DirectoryEntry[]> {
  const names = await readdir(directory);
  const found: DirectoryEntry[] = [];
  while (names.length > 0) {
    const some = names.splice(0, ENTRIES_AT_ONCE);
    // An entry may be removed meanwhile.
    const stats = await Promise.all(some.map((name) => ignoreMissing(lstat(join(directory, name)))));
    for (const [i, stat] of stats.entries()) {
      if (!stat?.isFile() && !stat?.isDirectory()) continue;
      const isDirectory = stat.isDirectory();
      found.push({ name: some[i]!, isDirectory, size: isDirectory ? 0 : stat.size, modifiedAt: stat.mtime });
    }
  }
  return found;
}

/** Opening a named pipe does not block. */
const NON_BLOCKING = constants.O_NONBLOCK ?? 0;

const FLAGS = {
  create: constants.O_RDWR | constants.O_CREAT | constants.O_EXCL,
  read: constants.O_RDONLY | NON_BLOCKING,
  write: constants.O_RDWR | NON_BLOCKING,
} as const;

/** File system of the machine. Requires a local one with Unix sockets (Linux, macOS). */
export const nodeFileSystem: FileSystem = {
  async makeDirectory(path) {
    const first = await mkdir(path, { recursive: true, mode: 0o700 });
    if (first === undefined) return restrictDirectory(path);
    for (let created = resolve(path); ; created = dirname(created)) {
      await syncDirectory(dirname(created));
      if (created === resolve(first)) return;
    }
  },
  list: (directory) => readdir(directory),
  entries,
  async open(path, mode) {
    const handle = await open(path, FLAGS[mode], 0o600);
    if (mode !== 'create' && !(await handle.stat()).isFile()) {
      await handle.close();
      throw Object.assign(new Error('Not a regular file'), { code: 'ENXIO', path });
    }
    return new NodeFile(handle);
  },
  rename,
  unlink,
  removeDirectory: rmdir,
  syncDirectory,
  restrictAccess,
  lock: lockDirectory,
};
