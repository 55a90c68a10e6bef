import { join } from 'node:path';
import { errorCode, type FileSystem } from '@quantumtrade/dal-runtime/fs';
import { QUARANTINE } from './quarantine.js';

/** Names of a journal's files: segments, cursor, locks and the quarantine folder. */
const OWN_NAME = /^(\d{16}-[0-9a-f]{8}\.wal|cursor(\.tmp)?|(lock|taking)-.*\.sock|quarantine)$/;

/** Restricts a journal's files to their owner. Earlier versions created them as the umask allowed. */
export async function restrictFiles(fs: FileSystem, directory: string): Promise<void> {
  const own = (await fs.list(directory)).filter((name) => OWN_NAME.test(name));
  const quarantined = own.includes(QUARANTINE) ? await listIfDirectory(fs, join(directory, QUARANTINE)) : [];
  for (const path of [...own.map((name) => join(directory, name)), ...quarantined]) {
    await fs.restrictAccess(path);
  }
}

async function listIfDirectory(fs: FileSystem, directory: string): Promise<string[]> {
  const names = await fs.list(directory).catch((error: unknown) => {
    if (errorCode(error) !== 'ENOTDIR') throw error;
    return [];
  });
  return names.map((name) => join(directory, name));
}
