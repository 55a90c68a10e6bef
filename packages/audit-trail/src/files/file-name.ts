import type { FileSystem } from '@quantumtrade/dal-runtime/fs';

const pattern = /^\d{16}-(\d{4}-\d\d-\d\d)\.jsonl$/;

/** A file is named for its first line: the sequence, and the day (UTC) of its time. */
export const fileName = (sequence: number, time: string): string =>
  `${String(sequence).padStart(16, '0')}-${dayOf(time)}.jsonl`;

export const dayOf = (time: string): string => time.slice(0, 10);

/** The day that a file is named for. */
export const dayOfFile = (name: string): string | undefined => pattern.exec(name)?.[1];

/** The files of a trail, the oldest first. None where there is no directory. */
export async function trailFiles(fs: FileSystem, directory: string): Promise<string[]> {
  const names = await fs.list(directory).catch((error: { code?: string }) => {
    if (error.code !== 'ENOENT') throw error;
    return [];
  });
  return names.filter((name) => pattern.test(name)).sort();
}
