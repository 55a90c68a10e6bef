import { join } from 'node:path';
import { replaceFile, type FileSystem } from '@quantumtrade/dal-runtime/fs';
import { AuditTrailError } from '../audit-trail-error.js';
import { dayOfFile } from '../files/file-name.js';
import { readWhole } from '../files/read-file.js';
import type { AuditHead } from './line.js';
import { Sealer } from './seal.js';

/** Content of the file `head`: the end of the trail. */
export interface HeadRecord {
  /** The last acknowledged line. */
  readonly head: AuditHead;
  /** File of that line; undefined in an empty trail. `size` is the position of the line's end in it. */
  readonly file?: string;
  readonly size: number;
  /** The group being written after it: set before the first of its bytes is written, removed after the last. */
  readonly writing?: AnnouncedLines;
}

/** A group of lines being written: its last line, its file and its size. */
export interface AnnouncedLines {
  readonly head: AuditHead;
  readonly file: string;
  readonly bytes: number;
}

export const HEAD_NAME = 'head';

/** Several times the size of a head. */
const MAX_HEAD_BYTES = 64 * 1024;

/** Replaces the head durably. After a crash it is the old or the new one. */
export async function writeHead(
  fs: FileSystem,
  directory: string,
  sealer: Sealer,
  record: HeadRecord,
): Promise<void> {
  const { text } = sealer.seal({ keyed: sealer.keyed, ...record });
  await replaceFile(fs, join(directory, HEAD_NAME), [Buffer.from(`${text}\n`)]);
}

/** Result of reading the head. `key needed`: according to the unverified file, the trail is sealed with a key. */
export type HeadReading =
  | { state: 'missing' }
  | { state: 'edited' }
  | { state: 'key needed' }
  | { state: 'intact'; record: HeadRecord; keyed: boolean; text: string };

export async function readHead(fs: FileSystem, directory: string, sealer: Sealer): Promise<HeadReading> {
  const bytes = await readWhole(fs, join(directory, HEAD_NAME), { limit: MAX_HEAD_BYTES });
  if (bytes === undefined) return { state: 'missing' };
  const text = bytes.toString('latin1');
  if (!text.endsWith('\n')) return { state: 'edited' };
  for (const attempt of sealer.keyed ? [sealer, new Sealer()] : [sealer]) {
    const opened = attempt.open(bytes.subarray(0, -1));
    if (opened?.fields['keyed'] !== attempt.keyed || !isHeadRecord(opened.fields)) continue;
    return { state: 'intact', record: opened.fields, keyed: attempt.keyed, text };
  }
  return { state: !sealer.keyed && text.startsWith('{"keyed":true') ? 'key needed' : 'edited' };
}

function isHeadRecord(fields: object): fields is HeadRecord {
  const { head, file, size, writing } = fields as Partial<HeadRecord>;
  return (
    isHead(head) &&
    typeof size === 'number' &&
    (file === undefined || dayOfFile(file) !== undefined) &&
    (writing === undefined ||
      (isHead(writing.head) && dayOfFile(writing.file) !== undefined && typeof writing.bytes === 'number'))
  );
}

const isHead = (head: AuditHead | undefined): boolean =>
  Number.isSafeInteger(head?.sequence) && typeof head?.hash === 'string';

/**
 * Reads the head of a trail for use.
 * @throws AuditTrailError `MISSING`, `DAMAGED` or `KEY`
 */
export async function requireHead(fs: FileSystem, directory: string, sealer: Sealer): Promise<HeadRecord> {
  const reading = await readHead(fs, directory, sealer);
  if (reading.state === 'missing') {
    throw new AuditTrailError('MISSING', `There is no audit trail in ${directory}, or its head is gone`);
  }
  if (reading.state === 'edited') {
    throw new AuditTrailError(
      'DAMAGED',
      `The head of the audit trail ${directory} is not what this key wrote`,
    );
  }
  if (reading.state === 'key needed' || reading.keyed !== sealer.keyed) {
    const how = sealer.keyed ? 'without a key' : 'with a key, which is not given';
    throw new AuditTrailError('KEY', `The audit trail ${directory} was begun ${how}`);
  }
  return reading.record;
}
