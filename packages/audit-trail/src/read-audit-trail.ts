import { join } from 'node:path';
import { type FileSystem, nodeFileSystem } from '@quantumtrade/dal-runtime/fs';
import { toTrailError, AuditTrailError } from './audit-trail-error.js';
import { trailFiles } from './files/file-name.js';
import { readLines } from './files/read-file.js';
import { requireHead } from './format/head-file.js';
import { readLine, type AuditHead, type AuditLine } from './format/line.js';
import { Sealer } from './format/seal.js';

export interface ReadAuditTrailOptions {
  /** Key that the trail was begun with, if any. */
  key?: string;
  /** @default the file system of the machine */
  fs?: FileSystem;
}

/**
 * Yields every line of a trail in order, without locking it. A torn end is skipped.
 * @throws AuditTrailError `DAMAGED` at a line with a wrong seal, `IO` at a file that cannot be read
 */
export async function* readAuditTrail(
  directory: string,
  options: ReadAuditTrailOptions = {},
): AsyncGenerator<AuditLine> {
  try {
    yield* read(directory, options);
  } catch (error) {
    throw toTrailError(directory, error);
  }
}

async function* read(
  directory: string,
  { key, fs = nodeFileSystem }: ReadAuditTrailOptions,
): AsyncGenerator<AuditLine> {
  const sealer = new Sealer(key);
  const files = await trailFiles(fs, directory);
  for (const file of files) {
    let number = 0;
    for await (const { bytes, ended } of readLines(fs, join(directory, file))) {
      number++;
      const line = ended ? readLine(sealer, bytes) : undefined;
      if (line) yield line;
      else if (ended || file !== files.at(-1)) {
        throw new AuditTrailError('DAMAGED', `${file}:${number} was changed, or written with another key`);
      }
    }
  }
}

/**
 * Returns the end of a trail: a checkpoint to be kept where the writers of the trail have no access.
 * @throws AuditTrailError `MISSING`, `DAMAGED` or `KEY` when there is no trustworthy head
 */
export async function readAuditHead(
  directory: string,
  { key, fs = nodeFileSystem }: ReadAuditTrailOptions = {},
): Promise<AuditHead> {
  try {
    return (await requireHead(fs, directory, new Sealer(key))).head;
  } catch (error) {
    throw toTrailError(directory, error);
  }
}
