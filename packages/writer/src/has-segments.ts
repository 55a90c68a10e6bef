import { readdir } from 'node:fs/promises';
import { ConnectionError } from '@quantumtrade/dal-domain';

/**
 * Whether a journal was ever opened in this directory.
 * @throws ConnectionError where that cannot be told: blocks may be in it
 */
export async function hasSegments(directory: string, operation: string): Promise<boolean> {
  try {
    return (await readdir(directory)).some((name) => name.endsWith('.wal'));
  } catch (cause) {
    const { code } = cause as NodeJS.ErrnoException;
    if (code === 'ENOENT') return false;
    throw new ConnectionError(`the directory ${directory} cannot be read: ${code}`, { operation, cause });
  }
}
