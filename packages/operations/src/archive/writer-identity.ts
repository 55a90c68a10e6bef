import { randomBytes } from 'node:crypto';
import { join } from 'node:path';
import type { FileSystem } from '@quantumtrade/dal-runtime/fs';
import { ignoreMissing, replaceFile, withFile } from '@quantumtrade/dal-runtime/fs';

/** Identity of an archive's writer, kept in a file of its spool. */
export interface WriterIdentity {
  readonly writer: string;
  /** Whether the object store may have the writer as open: then a restore sees that blocks may be missing. */
  readonly isAnnounced: boolean;
}

const pathOf = (directory: string): string => join(directory, 'writer.json');

/** Returns the identity of a spool's directory, or undefined when it has none that can be read. */
export async function readIdentity(fs: FileSystem, directory: string): Promise<WriterIdentity | undefined> {
  const text = await ignoreMissing(
    withFile(fs, pathOf(directory), 'read', async (file) => {
      const bytes = Buffer.alloc(await file.size());
      await file.read(bytes, 0);
      return bytes.toString();
    }),
  );
  try {
    return JSON.parse(text ?? '') as WriterIdentity;
  } catch {
    return undefined;
  }
}

export const writeIdentity = (fs: FileSystem, directory: string, identity: WriterIdentity): Promise<void> =>
  replaceFile(fs, pathOf(directory), [Buffer.from(JSON.stringify(identity))]);

/** Returns a new identity, whose name begins with the time. */
export const newIdentity = (now: number): WriterIdentity => ({
  writer: `${new Date(now).toISOString().replace(/[:.]/g, '-')}-${randomBytes(4).toString('hex')}`,
  isAnnounced: false,
});
