import type { CallOptions } from '@quantumtrade/dal-domain';
import { keysOf, requireKnownKeys, ValidationError } from '@quantumtrade/dal-domain';
import type { ObjectStore } from '@quantumtrade/dal-domain/operations';
import { forEachConcurrently } from '@quantumtrade/dal-runtime';
import type { ObjectProblem } from '../backup/results.js';
import { WriterArchive } from './writer-archive.js';

const OPERATION = 'archive.verify';
/** Writers whose archives are read at once, with a segment of each in memory. */
const CONCURRENT_WRITERS = 4;

const KNOWN = keysOf<CallOptions>({ signal: true, deadline: true, priority: true });

/** Result of reading all segments of a store. */
export interface ArchiveVerification {
  readonly writers: number;
  /** Segments and bytes that were read and are whole. */
  readonly segments: number;
  readonly bytes: number;
  /** Empty for an archive that can be restored from. */
  readonly problems: readonly ObjectProblem[];
}

/** Reads every segment of a store, and compares it with its SHA-256 and the segments before and after it. */
export async function verifyArchive(
  store: ObjectStore,
  options: CallOptions = {},
): Promise<ArchiveVerification> {
  requireKnownKeys(options, KNOWN, OPERATION);
  const problems: ObjectProblem[] = [];
  /** Returns undefined, and keeps the problem, where an object is missing or changed. */
  const unlessDamaged = async <T>(read: Promise<T>): Promise<T | undefined> => {
    try {
      return await read;
    } catch (error) {
      if (!(error instanceof ValidationError)) throw error;
      problems.push({ key: error.field, problem: error.reason });
      return undefined;
    }
  };
  const archives = (await unlessDamaged(WriterArchive.list(store, undefined, options))) ?? [];
  let [segments, bytes] = [0, 0];
  await forEachConcurrently(archives, CONCURRENT_WRITERS, async (archive) => {
    for (let sequence = archive.first; sequence <= archive.last; sequence++) {
      const segment = await unlessDamaged(archive.segment(sequence, options));
      if (!segment) continue;
      segments++;
      bytes += segment.bytes.length;
    }
  });
  return { writers: archives.length, segments, bytes, problems };
}
