import { ignoreMissing, type FileSystem } from '@quantumtrade/dal-runtime/fs';

const NAME_PATTERN = /^\d{16}-(\d{4}-\d\d-\d\d)\.jsonl$/;

/** Returns the name of a file: sequence and day (UTC) of its first line. */
export const trailFileName = (sequence: number, time: string): string =>
  `${String(sequence).padStart(16, '0')}-${dayOf(time)}.jsonl`;

export const dayOf = (time: string): string => time.slice(0, 10);

/** Returns the day in a file's name. */
export const dayOfFile = (name: string): string | undefined => NAME_PATTERN.exec(name)?.[1];

/** Returns the names of a trail's files, the oldest first, or none without a directory. */
export async function trailFiles(fs: FileSystem, directory: string): Promise<string[]> {
  const names = (await ignoreMissing(fs.list(directory))) ?? [];
  return names.filter((name) => NAME_PATTERN.test(name)).sort();
}
