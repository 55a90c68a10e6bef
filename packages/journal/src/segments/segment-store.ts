import { join } from 'node:path';
import { type FileHandle, type FileSystem, ignoreMissing } from '@quantumtrade/dal-runtime/fs';
import type { JournalEventListener } from '../events.js';
import type { ByteRange } from '../format/scan.js';
import { diskError } from '../journal-error.js';
import { copyRange } from './quarantine.js';
import type { Segment } from './segment.js';
import { ChangeSignal } from './change-signal.js';

/** The segments of a journal with their state in memory. */
export class SegmentStore {
  readonly fs: FileSystem;
  readonly directory: string;
  readonly emit: JournalEventListener;
  readonly segments: Segment[] = [];
  /** Notified when records became durable or the journal closes. */
  readonly changes = new ChangeSignal();
  /** The next sequence: greater than every sequence acknowledged before. */
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
   * Removes the segments up to a delivered position, which must be durable. Keeps the open segment.
   * @throws JournalError when the disk refuses; a later call removes the rest
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

  /** Copies a damaged range once. Returns whether there is a copy. */
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
