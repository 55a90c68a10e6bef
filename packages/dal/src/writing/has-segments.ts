import { readdir } from 'node:fs/promises';

/** Whether a journal was ever opened in this directory. */
export const hasSegments = (directory: string): Promise<boolean> =>
  readdir(directory).then(
    (names) => names.some((name) => name.endsWith('.wal')),
    () => false,
  );
