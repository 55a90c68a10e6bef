import { join } from 'node:path';
import { type FileSystem, nodeFileSystem } from '@quantumtrade/dal-runtime/fs';
import { asTrailError, AuditTrailError } from './audit-trail-error.js';
import { trailFiles } from './files/file-name.js';
import { readLines } from './files/read-file.js';
import { requireHead } from './format/head-file.js';
import { readLine, type AuditHead, type AuditLine } from './format/line.js';
import { Sealer } from './format/seal.js';

export interface ReadAuditTrailOptions {
  /** The key that the trail was begun with, if any. */
  key?: string;
  /** Default is the machine's own file system. */
  fs?: FileSystem;
}

/**
 * Every line of a trail, in order, without locking it. A torn end is left out.
 * @throws AuditTrailError `DAMAGED` at a line that is not as it was written, `IO` at a file that cannot be read
 */
export async function* readAuditTrail(
  directory: string,
  options: ReadAuditTrailOptions = {},
): AsyncGenerator<AuditLine> {
  try {
    yield* read(directory, options);
  } catch (error) {
    throw asTrailError(directory, error);
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
        throw new AuditTrailError(
          'DAMAGED',
          `${file}:${number} is not as it was written, or not with this key`,
        );
      }
    }
  }
}

/**
 * Where a trail ends: a checkpoint to be kept where those who can write the trail cannot.
 * @throws AuditTrailError `MISSING`, `DAMAGED` or `KEY` where there is no head that can be trusted
 */
export async function readAuditHead(
  directory: string,
  { key, fs = nodeFileSystem }: ReadAuditTrailOptions = {},
): Promise<AuditHead> {
  try {
    return (await requireHead(fs, directory, new Sealer(key))).head;
  } catch (error) {
    throw asTrailError(directory, error);
  }
}
