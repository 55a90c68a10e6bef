import { join } from 'node:path';
import { errorCode, type FileSystem, nodeFileSystem } from '@quantumtrade/dal-runtime/fs';
import { asTrailError, AuditTrailError } from '../audit-trail-error.js';
import { trailFiles } from '../files/file-name.js';
import { readLines } from '../files/read-file.js';
import { headName, readHead, type HeadReading } from '../format/head-file.js';
import { readLine, type AuditHead } from '../format/line.js';
import { Sealer } from '../format/seal.js';
import type { ReadAuditTrailOptions } from '../read-audit-trail.js';
import { ChainCheck, type FoundLine } from './chain-check.js';
import { Problems, type AuditProblem } from './problems.js';
import { judgeBehindHead, type Unacknowledged } from './unacknowledged.js';

export interface AuditReport {
  /** No trace of tampering. */
  readonly ok: boolean;
  /** Whether lines are sealed with a key. Without one, who can write all files can make them agree. */
  readonly keyed: boolean;
  /** Intact lines up to the head. */
  readonly records: number;
  /** The end of the trail as its head tells it. Undefined where that cannot be trusted. */
  readonly head?: AuditHead;
  /** The unfinished end of a write that is under way or that a crash cut off. No tampering, and nothing acknowledged. */
  readonly unacknowledged: Unacknowledged;
  /** The first hundred. */
  readonly problems: readonly AuditProblem[];
  /** How many more there are. */
  readonly moreProblems: number;
}

export interface VerifyOptions extends ReadAuditTrailOptions {
  /** A checkpoint taken earlier, which must be in the trail. */
  expect?: AuditHead;
}

/**
 * Checks a trail from its first line to its last, without locking it: others may record meanwhile.
 * @throws AuditTrailError `MISSING` where there is neither a head nor a file, `IO` where the directory cannot be read
 */
export async function verifyAuditTrail(directory: string, options: VerifyOptions = {}): Promise<AuditReport> {
  return verify(directory, options).catch((error: unknown) => {
    throw asTrailError(directory, error);
  });
}

async function verify(
  directory: string,
  { key, fs = nodeFileSystem, expect }: VerifyOptions,
): Promise<AuditReport> {
  const problems = new Problems();
  const reading = await readHead(fs, directory, new Sealer(key));
  const files = await trailFiles(fs, directory);
  if (reading.state === 'missing' && files.length === 0) {
    throw new AuditTrailError('MISSING', `There is no audit trail in ${directory}`);
  }
  const keyed = nameHeadProblem(reading, key, problems);
  const record = reading.state === 'intact' ? reading.record : undefined;
  const check = new ChainCheck(problems, record?.head, expect);
  const filled = new Set<string>();
  // Without the key nothing can be said of the lines.
  if (reading.state !== 'key needed') {
    const sealer = new Sealer(keyed ? key : undefined);
    for await (const found of allLines(fs, directory, files, sealer, problems)) {
      filled.add(found.file);
      check.add(found);
    }
    check.finish();
    // Where the head has moved on meanwhile, what stands behind its old place is somebody's work.
    const after = await readHead(fs, directory, new Sealer(key));
    const moved = after.state === 'intact' && reading.state === 'intact' && after.text !== reading.text;
    const mayBeEmpty = moved ? files.at(-1) : record?.writing?.file;
    for (const file of files.filter((name) => !filled.has(name) && name !== mayBeEmpty)) {
      problems.add('truncated', { file }, 'the file is empty');
    }
    if (moved) check.behindHead.length = 0;
  }
  const unacknowledged = record
    ? judgeBehindHead(check.behindHead, record, problems)
    : { lines: 0, tornBytes: 0 };
  return {
    ok: problems.list.length === 0,
    keyed,
    records: check.records,
    ...(record && { head: record.head }),
    unacknowledged,
    problems: problems.list,
    moreProblems: problems.more,
  };
}

/** Names what is wrong with the head, and tells whether lines are to be checked with the key. */
function nameHeadProblem(reading: HeadReading, key: string | undefined, problems: Problems): boolean {
  const name = (detail: string) => problems.add('head-mismatch', { file: headName }, detail);
  if (reading.state === 'missing') name('the head is missing');
  if (reading.state === 'edited')
    name(key ? 'the head was edited, or written with another key' : 'the head was edited');
  if (reading.state === 'key needed')
    name('the trail is sealed with a key that is not given, or its head was edited');
  if (reading.state === 'intact' && key && !reading.keyed) name('the trail was written without the key');
  return reading.state === 'intact' ? reading.keyed : Boolean(key);
}

async function* allLines(
  fs: FileSystem,
  directory: string,
  files: readonly string[],
  sealer: Sealer,
  problems: Problems,
): AsyncGenerator<FoundLine> {
  for (const file of files) {
    let line = 0;
    try {
      for await (const { bytes, length, ended } of readLines(fs, join(directory, file))) {
        line++;
        yield { file, line, bytes: length + Number(ended), ended, content: readLine(sealer, bytes) };
      }
    } catch (error) {
      problems.add('unreadable', { file }, `the file cannot be read: ${errorCode(error) ?? 'it failed'}`);
    }
  }
}
