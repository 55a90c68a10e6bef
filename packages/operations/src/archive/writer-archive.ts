import type { CallOptions } from '@quantumtrade/dal-domain';
import type { ObjectStore } from '@quantumtrade/dal-domain/operations';
import { getUndamaged } from '../backup/stored-bytes.js';
import { archivePrefix, positionKey, segmentKey, sequenceOf, writerOf } from './keys.js';
import type { ArchivePosition } from './position.js';
import { readPosition } from './position.js';
import { readFirstKept } from './pruned-archive.js';
import { damaged, decodeSegment, type ArchiveSegment } from './segment.js';

/** Hashes of a segment that was read. */
interface Link {
  readonly hash: string;
  readonly previous: string | null;
}

/** Archive of one writer in the object store. Whatever is missing or changed is an error that names the object. */
export class WriterArchive {
  readonly position: ArchivePosition;
  /** Number of the first segment that is kept; `last + 1` when there is none. */
  readonly first: number;
  /** Number of the last segment; 0 when there was never one. */
  readonly last: number;
  readonly #store: ObjectStore;
  readonly #links = new Map<number, Link>();

  private constructor(store: ObjectStore, position: ArchivePosition, first: number, last: number) {
    this.#store = store;
    this.position = position;
    this.first = first;
    this.last = last;
  }

  /** Returns the archives of all writers of a database, or of all databases. */
  static async list(store: ObjectStore, database?: string, options?: CallOptions): Promise<WriterArchive[]> {
    const writers = new Set<string>();
    for await (const { key } of store.list(archivePrefix(), options)) {
      const writer = writerOf(key);
      if (writer !== undefined) writers.add(writer);
    }
    const archives: WriterArchive[] = [];
    for (const writer of writers) {
      const archive = await WriterArchive.#open(store, writer, options);
      if (database === undefined || archive.position.database === database) archives.push(archive);
    }
    return archives;
  }

  /** Opens the archive of a writer. Throws `ValidationError` naming an object that is missing. */
  static async #open(store: ObjectStore, writer: string, options?: CallOptions): Promise<WriterArchive> {
    // The position is read first: the list then has its segment.
    const position = await readPosition(store, writer, options);
    if (!position) throw damaged(positionKey(writer), 'is missing');
    const first = await readFirstKept(store, writer, options);
    let next = first;
    for await (const { key } of store.list(archivePrefix(writer), options)) {
      const sequence = sequenceOf(key);
      if (sequence === undefined || sequence < first) continue;
      if (sequence !== next) throw damaged(segmentKey(writer, next), 'is missing');
      next++;
    }
    const last = next - 1;
    if (last < position.sequence) throw damaged(segmentKey(writer, next), 'is missing');
    return new WriterArchive(store, position, first, last);
  }

  get writer(): string {
    return this.position.writer;
  }

  keyOf(sequence: number): string {
    return segmentKey(this.writer, sequence);
  }

  /** Reads a segment, and compares it with those before and after it that were read. */
  async segment(sequence: number, options?: CallOptions): Promise<ArchiveSegment> {
    const key = this.keyOf(sequence);
    const bytes = await getUndamaged(this.#store, key, options);
    if (typeof bytes === 'string') throw damaged(key, bytes);
    const segment = decodeSegment(key, bytes);
    if (segment.writer !== this.writer || segment.sequence !== sequence) {
      throw damaged(key, `is segment ${segment.sequence} of ${segment.writer}`);
    }
    this.#check(key, segment);
    this.#links.set(sequence, { hash: segment.hash, previous: segment.previous });
    return segment;
  }

  #check(key: string, { sequence, hash, previous }: ArchiveSegment): void {
    const before = this.#links.get(sequence - 1);
    const known = this.#links.get(sequence);
    const after = this.#links.get(sequence + 1);
    const { position } = this;
    const expected = [
      known?.hash,
      after && after.previous,
      sequence === position.sequence ? position.hash : undefined,
    ].filter((each) => each !== undefined);
    if (expected.some((each) => each !== hash)) throw damaged(key, 'is not the segment that was archived');
    const isFirst = sequence === 1;
    if ((before && before.hash !== previous) || isFirst !== (previous === null)) {
      throw damaged(key, 'does not follow the segment before it');
    }
  }
}
