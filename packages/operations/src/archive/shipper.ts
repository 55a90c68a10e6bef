import { ConnectionError } from '@quantumtrade/dal-domain';
import type { ObjectStore } from '@quantumtrade/dal-domain/operations';
import type { BackoffOptions, Cancel, Clock } from '@quantumtrade/dal-runtime';
import { Backoff } from '@quantumtrade/dal-runtime';
import { reasonOf } from '../reason-of.js';
import { archivePrefix, segmentKey, sequenceOf } from './keys.js';
import { putPosition } from './position.js';
import { decodeSegment, encodeSegment, type SegmentEntry } from './segment.js';
import { APPEND, type ArchiveSpool, type SpooledBlock } from './spool.js';

export interface ShipperOptions {
  readonly store: ObjectStore;
  readonly spool: ArchiveSpool;
  readonly writer: string;
  readonly database: string;
  /** Whether the object store may have the writer as open. */
  readonly isAnnounced: boolean;
  /** Persists that: after the object store has it as open, and before it may have it as closed. */
  readonly setAnnounced: (isAnnounced: boolean) => Promise<void>;
  /** Longest time that a block waits for the object store while that answers (milliseconds). */
  readonly intervalMs: number;
  /** Size of blocks at which a segment is shipped (bytes). */
  readonly maxSegmentBytes: number;
  /** How long segments cannot be deleted, where the object store supports it. @default no lock (milliseconds) */
  readonly retainMs?: number | undefined;
  readonly clock: Clock;
  readonly retry?: BackoffOptions | undefined;
}

/** A segment that is to be stored, byte for byte the same in each attempt. */
interface UnsentSegment {
  readonly bytes: Uint8Array;
  readonly hash: string;
  readonly sequence: number;
  /** Position of the last block that ends in it or before, and the number of blocks that do since the segment before. */
  readonly position: number | undefined;
  readonly count: number;
}

/** Last segment in the object store. */
interface Tail {
  readonly sequence: number;
  readonly hash: string | null;
}

/** Moves the blocks of a spool to the object store, in segments, and says there up to when its archive is complete. */
export class ArchiveShipper {
  readonly #options: ShipperOptions;
  readonly #backoff: Backoff;
  readonly #firstRound: Promise<void>;
  readonly #ended: Promise<void>;
  #isAnnounced: boolean;
  #tail: Tail | undefined;
  #unsent: UnsentSegment | undefined;
  #waitingBytes = 0;
  #isStopping = false;
  readonly #closing = new AbortController();
  #wake: () => void = () => undefined;
  /** Error of the last round; undefined after a success. */
  error: unknown;

  constructor(options: ShipperOptions) {
    this.#options = options;
    this.#isAnnounced = options.isAnnounced;
    this.#backoff = new Backoff(options.retry);
    options.spool.onAppend = (byteLength) => {
      this.#waitingBytes += byteLength;
      if (this.#waitingBytes >= options.maxSegmentBytes) this.#wake();
    };
    this.#firstRound = this.#attempt();
    this.#ended = this.#run();
  }

  /** Rejects until the object store has this writer as open: blocks of it may be missing there. */
  async requireAnnounced(): Promise<void> {
    if (this.#isAnnounced) return;
    await this.#firstRound;
    if (this.#isAnnounced) return;
    const reason = `the archive at ${this.#options.store.location} was not reached yet`;
    throw new ConnectionError(`${reason}: ${reasonOf(this.error)}`, {
      operation: APPEND,
      retryable: true,
      cause: this.error,
    });
  }

  /**
   * Ends shipping after a last round, or when a time has passed. After a whole round the object store has the writer as closed;
   * otherwise the next process ships the rest.
   */
  async stop(withinMs: number): Promise<void> {
    this.#isStopping = true;
    this.#wake();
    const late = new Error(`the archive was closed before ${this.#options.store.location} answered`);
    const cancel = this.#options.clock.after(withinMs, () => this.#closing.abort(late));
    await this.#ended;
    await this.#round(true).catch((error: unknown) => void (this.error = error));
    cancel();
  }

  async #run(): Promise<void> {
    await this.#firstRound;
    while (!this.#isStopping) {
      await this.#wait(this.error === undefined ? this.#options.intervalMs : this.#backoff.next());
      if (!this.#isStopping) await this.#attempt();
    }
  }

  async #attempt(): Promise<void> {
    try {
      await this.#round(false);
      this.error = undefined;
      this.#backoff.reset();
    } catch (error) {
      this.error = error;
    }
  }

  /** Waits for a time, or until enough bytes wait; after a failure, for the time. */
  #wait(delayMs: number): Promise<void> {
    const { clock, maxSegmentBytes } = this.#options;
    return new Promise((resolve) => {
      let cancel: Cancel = () => undefined;
      const end = () => {
        cancel();
        this.#wake = () => undefined;
        resolve();
      };
      this.#wake = () => {
        if (this.#isStopping || this.error === undefined) end();
      };
      cancel = clock.after(delayMs, end);
      if (this.#isStopping || (this.error === undefined && this.#waitingBytes >= maxSegmentBytes)) end();
    });
  }

  /** Ships what is in the spool. */
  async #round(isLast: boolean): Promise<void> {
    const { spool } = this.#options;
    this.#tail ??= await this.#readTail();
    await this.#announce();
    if (this.#unsent) await this.#send(this.#unsent);
    this.#waitingBytes = 0;
    const mark = await spool.mark();
    await this.#shipUntil(mark);
    if (isLast) await this.#options.setAnnounced((this.#isAnnounced = false));
    await this.#putPosition(mark - 1, isLast);
  }

  /** Returns the last segment that an earlier process shipped. */
  async #readTail(): Promise<Tail> {
    const { store, writer } = this.#options;
    let sequence = 0;
    const { signal } = this.#closing;
    for await (const { key } of store.list(archivePrefix(writer), { signal })) {
      sequence = sequenceOf(key) ?? sequence;
    }
    if (sequence === 0) return { sequence, hash: null };
    const key = segmentKey(writer, sequence);
    const bytes = await store.get(key, { signal });
    return { sequence, hash: decodeSegment(key, bytes ?? new Uint8Array()).hash };
  }

  /** Publishes the writer before its first block, so that a restore never takes it for one without later blocks. */
  async #announce(): Promise<void> {
    if (this.#isAnnounced) return;
    const { spool, setAnnounced } = this.#options;
    const mark = await spool.mark();
    await this.#putPosition(Math.min(mark, spool.oldestStoredAt ?? mark) - 1, false);
    await setAnnounced(true);
    this.#isAnnounced = true;
  }

  async #shipUntil(mark: number): Promise<void> {
    const { spool, maxSegmentBytes } = this.#options;
    let entries: SegmentEntry[] = [];
    let bytes = 0;
    let position: number | undefined;
    let count = 0;
    const flush = async () => {
      await this.#send(this.#encode(entries, position, count));
      [entries, bytes, position, count] = [[], 0, undefined, 0];
    };
    for await (const block of spool.read()) {
      if (block.head.storedAt > mark) break;
      for (const entry of piecesOf(block, maxSegmentBytes)) {
        if (bytes > 0 && bytes + entry.body.length > maxSegmentBytes) await flush();
        entries.push(entry);
        bytes += entry.body.length;
      }
      ({ position } = block);
      count++;
    }
    if (entries.length > 0 || spool.damagedRanges > 0) await flush();
  }

  #encode(entries: readonly SegmentEntry[], position: number | undefined, count: number): UnsentSegment {
    const { writer, spool } = this.#options;
    const { sequence, hash: previous } = this.#tail!;
    const { damagedRanges } = spool;
    spool.damagedRanges = 0;
    const header = { writer, sequence: sequence + 1, previous, ...(damagedRanges > 0 && { damagedRanges }) };
    return { ...encodeSegment(header, entries), sequence: sequence + 1, position, count };
  }

  async #send(segment: UnsentSegment): Promise<void> {
    const { store, spool, writer, retainMs, clock } = this.#options;
    const { bytes, hash, sequence, position, count } = segment;
    this.#unsent = segment;
    await store.put(segmentKey(writer, sequence), bytes, {
      signal: this.#closing.signal,
      ...(retainMs !== undefined && { retainUntil: new Date(clock.now() + retainMs) }),
    });
    this.#tail = { sequence, hash };
    this.#unsent = undefined;
    if (position !== undefined) await spool.advance(position, count);
  }

  #putPosition(completeTo: number, isClosed: boolean): Promise<void> {
    const { store, writer, database } = this.#options;
    const position = { writer, database, completeTo, isClosed, ...this.#tail! };
    return putPosition(store, position, { signal: this.#closing.signal });
  }
}

/** Returns a block as one entry, or as pieces of bounded size. */
function* piecesOf({ head, bytes }: SpooledBlock, maxBytes: number): Generator<SegmentEntry> {
  const count = Math.ceil(bytes.length / maxBytes);
  if (count <= 1) return yield { head, body: bytes };
  for (let index = 0; index < count; index++) {
    const body = bytes.subarray(index * maxBytes, (index + 1) * maxBytes);
    yield { head: { ...head, piece: { index, count } }, body };
  }
}
