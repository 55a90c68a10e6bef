import type { CallOptions } from '@quantumtrade/dal-domain';
import { ValidationError } from '@quantumtrade/dal-domain';
import type { ObjectStore } from '@quantumtrade/dal-domain/operations';
import { putPosition } from './position.js';
import { WriterArchive } from './writer-archive.js';

/** Archive of one writer as the object store has it. */
export interface ArchivedWriter {
  readonly writer: string;
  readonly database: string;
  /** Every block that was stored at this instant or before is in the object store. */
  readonly completeTo: Date;
  /** Whether the writer has ended, so that no block of it is missing at any later instant. */
  readonly isClosed: boolean;
  readonly segments: number;
}

/** Returns the archives in an object store. Throws `ValidationError` naming an object that is missing or changed. */
export async function archivedWriters(store: ObjectStore, options?: CallOptions): Promise<ArchivedWriter[]> {
  const archives = await WriterArchive.list(store, undefined, options);
  return archives.map(({ position, first, last }) => ({
    writer: position.writer,
    database: position.database,
    completeTo: new Date(position.completeTo),
    isClosed: position.isClosed,
    segments: last - first + 1,
  }));
}

/**
 * Closes the archive of a writer that ended for good without closing it, e.g. with its disk. Restores do not wait for its
 * blocks any more; those that it had not shipped are lost.
 */
export async function retireWriter(store: ObjectStore, writer: string, options?: CallOptions): Promise<void> {
  const archives = await WriterArchive.list(store, undefined, options);
  const position = archives.find((archive) => archive.writer === writer)?.position;
  if (!position) throw new ValidationError('writer', 'has no archive', { operation: 'archive.retire' });
  await putPosition(store, { ...position, isClosed: true }, options);
}
