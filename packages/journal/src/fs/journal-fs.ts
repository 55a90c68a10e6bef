/** The slice of a file system that a journal needs. Errors are Node's, with `code`. */
export interface JournalFs {
  /**
   * Creates a directory and its parents, durably, accessible to their owner alone. Access to an existing one is restricted as
   * by {@link restrictAccess}.
   */
  makeDirectory(path: string): Promise<void>;
  /** Names of a directory's entries, in any order. */
  list(directory: string): Promise<string[]>;
  /**
   * `create` refuses an existing file with `EEXIST`, and makes one that is accessible to its owner alone; the others refuse a
   * missing one with `ENOENT`.
   */
  open(path: string, mode: 'create' | 'read' | 'write'): Promise<JournalFile>;
  /** Replaces `to` atomically. Durable after {@link syncDirectory}. */
  rename(from: string, to: string): Promise<void>;
  /** Removes a file; open files of it stay readable. Durable after {@link syncDirectory}. */
  unlink(path: string): Promise<void>;
  /** Leaves access to a file or directory to its owner alone, as far as possible. A missing one is left alone. */
  restrictAccess(path: string): Promise<void>;
  /** Makes creations, renames and removals in the directory durable. */
  syncDirectory(path: string): Promise<void>;
  /**
   * Takes a directory for this journal alone, until released or until the process is gone, whatever ends it.
   * @throws JournalError `LOCKED` where another has it
   */
  lock(directory: string): Promise<DirectoryLock>;
}

export interface DirectoryLock {
  release(): Promise<void>;
}

export interface JournalFile {
  /** Length in bytes. */
  size(): Promise<number>;
  /** Fills the buffer from the position on; returns how many bytes there were, 0 at the end. */
  read(buffer: Uint8Array, position: number): Promise<number>;
  /** Writes the buffers one after the other; returns how many bytes were written, which may be fewer than given. */
  write(buffers: readonly Uint8Array[], position: number): Promise<number>;
  truncate(size: number): Promise<void>;
  /** Makes the content and the length durable (`fdatasync`). */
  sync(): Promise<void>;
  close(): Promise<void>;
}
