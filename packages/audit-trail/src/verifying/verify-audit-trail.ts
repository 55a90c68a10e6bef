import { join } from 'node:path';
import { errorCode, type FileSystem, nodeFileSystem } from '@quantumtrade/dal-runtime/fs';
import { toTrailError, AuditTrailError } from '../audit-trail-error.js';
import { trailFiles } from '../files/file-name.js';
import { readLines } from '../files/read-file.js';
import { HEAD_NAME, readHead, type HeadReading } from '../format/head-file.js';
import { readLine, type AuditHead } from '../format/line.js';
import { Sealer } from '../format/seal.js';
import type { ReadAuditTrailOptions } from '../read-audit-trail.js';
import { ChainCheck, type FoundLine } from './chain-check.js';
import { Problems, type AuditProblem } from './problems.js';
import { checkBehindHead, type Unacknowledged } from './unacknowledged.js';

export interface AuditReport {
  /** Whether no trace of tampering was found. */
  readonly ok: boolean;
  /** Whether lines are sealed with a key. Without one, a process that can write all files can forge a consistent trail. */
  readonly keyed: boolean;
  /** Number of intact lines up to the head. */
  readonly records: number;
  /** End of the trail according to its head; undefined when the head cannot be trusted. */
  readonly head?: AuditHead;
  /** Unfinished end of a write in progress or interrupted by a crash. It is neither tampering nor acknowledged. */
  readonly unacknowledged: Unacknowledged;
  /** The first hundred problems. */
  readonly problems: readonly AuditProblem[];
  /** Number of further problems. */
  readonly moreProblems: number;
}

export interface VerifyOptions extends ReadAuditTrailOptions {
  /** Earlier checkpoint that must be in the trail. */
  expect?: AuditHead;
}

/**
 * Verifies all lines of a trail without locking it: other processes may record meanwhile.
 * @throws AuditTrailError `MISSING` when there is neither a head nor a file, `IO` when the directory cannot be read
 */
export async function verifyAuditTrail(directory: string, options: VerifyOptions = {}): Promise<AuditReport> {
  return verify(directory, options).catch((error: unknown) => {
    throw toTrailError(directory, error);
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
  const keyed = checkHead(reading, key, problems);
  const record = reading.state === 'intact' ? reading.record : undefined;
  const check = new ChainCheck(problems, record?.head, expect);
  const filled = new Set<string>();
  // Without the key the lines cannot be checked.
  if (reading.state !== 'key needed') {
    const sealer = new Sealer(keyed ? key : undefined);
    for await (const found of allLines(fs, directory, files, sealer, problems)) {
      filled.add(found.file);
      check.add(found);
    }
    check.finish();
    // When the head has moved meanwhile, the lines behind its old position were recorded by others.
    const after = await readHead(fs, directory, new Sealer(key));
    const moved = after.state === 'intact' && reading.state === 'intact' && after.text !== reading.text;
    const mayBeEmpty = moved ? files.at(-1) : record?.writing?.file;
    for (const file of files.filter((name) => !filled.has(name) && name !== mayBeEmpty)) {
      problems.add('truncated', { file }, 'the file is empty');
    }
    if (moved) check.behindHead.length = 0;
  }
  const unacknowledged = record
    ? checkBehindHead(check.behindHead, record, problems)
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

/** Adds the problem of the head, if any. Returns whether lines must be checked with the key. */
function checkHead(reading: HeadReading, key: string | undefined, problems: Problems): boolean {
  const name = (detail: string) => problems.add('head-mismatch', { file: HEAD_NAME }, detail);
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
