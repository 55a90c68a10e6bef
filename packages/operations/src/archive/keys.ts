const PREFIX = 'archive/';
const SEGMENT = /^archive\/([\w.-]+)\/(\d{10})\.segment$/;
const POSITION = /^archive\/([\w.-]+)\/position\.json$/;

/** Prefix of all objects of a writer's archive, or of all archives. */
export const archivePrefix = (writer?: string): string =>
  writer === undefined ? PREFIX : `${PREFIX}${writer}/`;

export const segmentKey = (writer: string, sequence: number): string =>
  `${archivePrefix(writer)}${String(sequence).padStart(10, '0')}.segment`;

export const positionKey = (writer: string): string => `${archivePrefix(writer)}position.json`;

/** Object that names the first segment that was kept when older ones were removed. */
export const prunedKey = (writer: string): string => `${archivePrefix(writer)}pruned.json`;

/** Object of a second store that says up to when its copies reach. */
export const COPY_KEY = `${PREFIX}copied.json`;

/** Returns the sequence of a segment's key; undefined for any other key. */
export const sequenceOf = (key: string): number | undefined => {
  const match = SEGMENT.exec(key);
  return match ? Number(match[2]) : undefined;
};

/** Returns the writer that a key belongs to as a segment or a position; undefined for any other key. */
export const writerOf = (key: string): string | undefined => (SEGMENT.exec(key) ?? POSITION.exec(key))?.[1];
