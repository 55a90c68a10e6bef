import { randomInt } from 'node:crypto';
import { type FileHandle, writeFully } from '@quantumtrade/dal-runtime/fs';
import { recordSeed, stampRecord, type EncodedRecord } from '../format/record.js';
import type { SegmentStore } from '../segments/segment-store.js';
import { Segment, segmentName } from '../segments/segment.js';

/** The segment to which records are appended. */
export class ActiveSegment {
  readonly segment: Segment;
  readonly #file: FileHandle;

  private constructor(segment: Segment, file: FileHandle) {
    this.segment = segment;
    this.#file = file;
  }

  /** Creates the file durably: without a sync of the directory, a crash could remove it with its records. */
  static async create(store: SegmentStore, first: number): Promise<ActiveSegment> {
    const salt = randomInt(2 ** 32);
    const segment = new Segment(segmentName(first, salt), first, salt);
    segment.isOpen = true;
    const file = await store.fs.open(store.path(segment.name), 'create');
    const active = new ActiveSegment(segment, file);
    try {
      await store.fs.syncDirectory(store.directory);
    } catch (error) {
      await active.close();
      await store.fs.unlink(store.path(segment.name)).catch(() => undefined);
      throw error;
    }
    store.segments.push(segment);
    return active;
  }

  /** Writes records after the durable part, with sequences from `first` on. */
  async write(records: readonly EncodedRecord[], first: number): Promise<void> {
    let offset = this.segment.bytes;
    records.forEach((record, i) => {
      stampRecord(record, first + i, recordSeed(this.segment.salt, offset));
      offset += record.bytes;
    });
    await writeFully(
      this.#file,
      records.flatMap(({ pieces }) => pieces),
      this.segment.bytes,
    );
  }

  /** Makes written records durable. After a failure neither they nor later writes can be trusted. */
  sync(): Promise<void> {
    return this.#file.sync();
  }

  /** Counts written and synced records as durable. */
  accept(records: readonly EncodedRecord[], first: number): void {
    this.segment.bytes += records.reduce((sum, { bytes }) => sum + bytes, 0);
    this.segment.sequences.add(first, first + records.length - 1);
  }

  /** Removes bytes that were written but are not durable. Returns whether the disk did so. */
  async cutBack(): Promise<boolean> {
    return this.#file.truncate(this.segment.bytes).then(
      () => true,
      () => false,
    );
  }

  async close(): Promise<void> {
    this.segment.isOpen = false;
    await this.#file.close().catch(() => undefined);
  }
}
