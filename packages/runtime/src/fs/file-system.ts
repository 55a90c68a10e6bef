/** The part of a file system that the data layer uses. Its errors are Node's, with `code`. */
export interface FileSystem {
  /**
   * Creates a directory and its parents, durably and accessible to their owner alone. An existing directory is restricted as
   * by {@link restrictAccess}.
   */
  makeDirectory(path: string): Promise<void>;
  /** Returns the names of a directory's entries, in any order. */
  list(directory: string): Promise<string[]>;
  /** Returns the files and directories of a directory, in any order. Anything else in it, such as a link, is left out. */
  entries(directory: string): Promise<DirectoryEntry[]>;
  /**
   * Opens a regular file. `create` makes one that is accessible to its owner alone, and fails with `EEXIST` when the path
   * exists; the other modes fail with `ENOENT` when it is missing.
   */
  open(path: string, mode: FileMode): Promise<FileHandle>;
  /** Replaces `to` atomically. Durable after {@link syncDirectory}. */
  rename(from: string, to: string): Promise<void>;
  /** Removes a file; open handles stay readable. Durable after {@link syncDirectory}. */
  unlink(path: string): Promise<void>;
  /** Removes a directory. Fails with `ENOTEMPTY` when it has entries. */
  removeDirectory(path: string): Promise<void>;
  /** Restricts a file or directory to its owner, as far as possible. A missing path is ignored. */
  restrictAccess(path: string): Promise<void>;
  /** Makes creations, renames and removals in the directory durable. */
  syncDirectory(path: string): Promise<void>;
  /**
   * Locks a directory until the lock is released or the process ends, however it ends.
   * @throws DirectoryLockedError when another holder has the lock
   */
  lock(directory: string): Promise<DirectoryLock>;
}

/** A file or directory of a directory. */
export interface DirectoryEntry {
  readonly name: string;
  readonly isDirectory: boolean;
  /** Size in bytes; 0 of a directory. */
  readonly size: number;
  readonly modifiedAt: Date;
}

export type FileMode = 'create' | 'read' | 'write';

export interface DirectoryLock {
  release(): Promise<void>;
}

/** An open file. */
export interface FileHandle {
  /** Returns the length in bytes. */
  size(): Promise<number>;
  /** Fills the buffer from a position on. Returns the number of bytes read, 0 at the end of the file. */
  read(buffer: Uint8Array, position: number): Promise<number>;
  /** Writes buffers one after the other. Returns the number of bytes written, which may be fewer than given. */
  write(buffers: readonly Uint8Array[], position: number): Promise<number>;
  truncate(size: number): Promise<void>;
  /** Makes the content and the length durable (`fdatasync`). */
  sync(): Promise<void>;
  close(): Promise<void>;
}

/** The directory is locked by another holder, of this or another process. */
export class DirectoryLockedError extends Error {
  override readonly name = 'DirectoryLockedError';
  readonly code = 'LOCKED';
  readonly directory: string;
  /** Process id of the holder, or `unknown`. */
  readonly holder: string;

  constructor(directory: string, holder: string) {
    super(`The directory ${directory} is locked by process ${holder}`);
    this.directory = directory;
    this.holder = holder;
  }
}
