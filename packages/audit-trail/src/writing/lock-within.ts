import { setTimeout as delay } from 'node:timers/promises';
import { type DirectoryLock, errorCode, type FileSystem } from '@quantumtrade/dal-runtime/fs';
import { AuditTrailError } from '../audit-trail-error.js';

/** Takes the directory as soon as others leave it. */
export async function lockWithin(
  fs: FileSystem,
  directory: string,
  timeoutMs: number,
): Promise<DirectoryLock> {
  const until = performance.now() + timeoutMs;
  for (;;) {
    try {
      return await fs.lock(directory);
    } catch (error) {
      if (errorCode(error) !== 'LOCKED') throw error;
      if (performance.now() >= until) {
        throw new AuditTrailError('LOCKED', `Others held the audit trail ${directory} for ${timeoutMs} ms`);
      }
      await delay(1);
    }
  }
}
