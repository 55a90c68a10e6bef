import { join } from 'node:path';
import { replaceFile, type FileSystem } from '@quantumtrade/dal-runtime/fs';
import { AuditTrailError } from '../audit-trail-error.js';
import { dayOfFile } from '../files/file-name.js';
import { readWhole } from '../files/read-file.js';
import type { AuditHead } from './line.js';
import { Sealer } from './seal.js';

/** How far the trail goes, as its file `head` says it. */
export interface HeadRecord {
  /** The last line that was acknowledged. */
  readonly head: AuditHead;
  /** The file of that line, and where in it the line ends. Undefined in an empty trail. */
  readonly file?: string;
  readonly size: number;
  /** What is being written behind it: on the disk before the first of its bytes, gone when all are there. */
  readonly writing?: Writing;
}

/** Lines being written: up to which, into which file, and how many bytes. */
export interface Writing {
  readonly head: AuditHead;
  readonly file: string;
  readonly bytes: number;
}

export const headName = 'head';

/** Several times what a head has. */
const maxHeadBytes = 64 * 1024;

/** Replaces the file. After a crash the old one is there or the new one, whole. */
export async function writeHead(
  fs: FileSystem,
  directory: string,
  sealer: Sealer,
  record: HeadRecord,
): Promise<void> {
  const { text } = sealer.seal({ keyed: sealer.keyed, ...record });
  await replaceFile(fs, join(directory, headName), [Buffer.from(`${text}\n`)]);
}

/** What the file says. `key needed`: the trail is sealed with a key, as far as an unchecked file can tell. */
export type HeadReading =
  | { state: 'missing' }
  | { state: 'edited' }
  | { state: 'key needed' }
  | { state: 'intact'; record: HeadRecord; keyed: boolean; text: string };

export async function readHead(fs: FileSystem, directory: string, sealer: Sealer): Promise<HeadReading> {
  const bytes = await readWhole(fs, join(directory, headName), { limit: maxHeadBytes });
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
 * The head of a trail that is to be used.
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
