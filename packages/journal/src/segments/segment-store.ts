import { join } from 'node:path';
import { type FileHandle, type FileSystem, ignoreMissing } from '@quantumtrade/dal-runtime/fs';
import type { JournalEventListener } from '../events.js';
import type { ByteRange } from '../format/scan.js';
import { diskError } from '../journal-error.js';
import { copyRange } from './quarantine.js';
import type { Segment } from './segment.js';
import { Changes } from './changes.js';

/** The segments of a journal, and what is known of them in memory. */
export class SegmentStore {
  readonly fs: FileSystem;
  readonly directory: string;
  readonly emit: JournalEventListener;
  readonly segments: Segment[] = [];
  /** Told when records became durable or the journal closes. */
  readonly changes = new Changes();
  /** The next sequence; greater than any ever acknowledged. */
  next = 1;
  readonly quarantined = { ranges: 0, bytes: 0 };
  readonly truncated = { tails: 0, bytes: 0 };
  #reclaiming: Promise<unknown> = Promise.resolve();

  constructor(fs: FileSystem, directory: string, emit: JournalEventListener) {
    this.fs = fs;
    this.directory = directory;
    this.emit = emit;
  }

  get bytes(): number {
    return this.segments.reduce((sum, { bytes }) => sum + bytes, 0);
  }

  path(name: string): string {
    return join(this.directory, name);
  }

  pending(cursor: number): number {
    return this.segments.reduce((sum, { sequences }) => sum + sequences.countAfter(cursor), 0);
  }

  /**
   * Removes the segments delivered up to a position, which must be durable already, but for the one that is open.
   * @throws JournalError where the disk refuses; what is left is removed by a later call
   */
  reclaim(delivered: number): Promise<void> {
    const run = this.#reclaiming.then(async () => {
      for (const segment of [...this.segments]) {
        if (segment.isOpen || segment.sequences.last > delivered) continue;
        await ignoreMissing(this.fs.unlink(this.path(segment.name)));
        this.segments.splice(this.segments.indexOf(segment), 1);
      }
    });
    this.#reclaiming = run.catch((cause: unknown) => this.emit({ type: 'reclaim-failed', cause }));
    return run.catch((cause: unknown) => {
      throw diskError('Delivered segments could not be removed', cause);
    });
  }

  /** Keeps a copy of a damaged range, once. Returns whether it is kept. */
  async quarantine(segment: Segment, file: FileHandle, range: ByteRange): Promise<boolean> {
    if (segment.damaged.some(({ start, end }) => start <= range.start && range.end <= end)) return true;
    segment.damaged.push(range);
    this.quarantined.ranges++;
    this.quarantined.bytes += range.end - range.start;
    const copy = await copyRange(this, segment.name, file, range).catch(() => undefined);
    const { start, end } = range;
    this.emit({ type: 'quarantined', segment: segment.name, start, end, ...(copy && { file: copy }) });
    return copy !== undefined;
  }
}
