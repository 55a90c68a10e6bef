import { setTimeout as delay } from 'node:timers/promises';
import type { DirectoryLock, JournalFs } from '@quantumtrade/dal-journal';
import { AuditTrailError, codeOf } from '../audit-trail-error.js';

/** Takes the directory as soon as others leave it. */
export async function lockWithin(
  fs: JournalFs,
  directory: string,
  timeoutMs: number,
): Promise<DirectoryLock> {
  const until = performance.now() + timeoutMs;
  for (;;) {
    try {
      return await fs.lock(directory);
    } catch (error) {
      if (codeOf(error) !== 'LOCKED') throw error;
      if (performance.now() >= until) {
        throw new AuditTrailError('LOCKED', `Others held the audit trail ${directory} for ${timeoutMs} ms`);
      }
      await delay(1);
    }
  }
}
