import type { Readable } from 'node:stream';
import { constants, createGunzip } from 'node:zlib';
import type { Gunzip } from 'node:zlib';
import { expiryTimer, onAbort, type AbortSource, type Expiry } from '@quantumtrade/dal-runtime';
import { BodyTooLargeError, BrokenMessageError, type AnswerHead } from './answer-errors.js';

/** Answer to one request, before anything of its body is read. */
export interface Answer extends AnswerHead {
  /** Id that was sent with the request. ClickHouse repeats it in the head of its answer. */
  readonly queryId: string;
  /** Bytes as they came over the wire: compressed when the headers say so. */
  readonly body: Readable;
}

/** Bytes that wait for a slow consumer before the connection is paused. */
const MAX_WAITING_BYTES = 2 ** 20;
const NOTHING = Buffer.alloc(0);

interface BodyEnd {
  /** @default none: the body is complete */
  readonly error?: unknown;
}

/** A call of `next` that waits. */
interface Consumer {
  resolve(result: IteratorResult<Uint8Array>): void;
  reject(error: unknown): void;
  expiry?: Expiry;
}

export interface BodyLimits {
  /** Compressed and decompressed bytes. @default Infinity (bytes) */
  readonly maxBytes?: number;
  /** Longest wait for the next chunk. @default Infinity (milliseconds) */
  readonly maxWaitMs?: number;
  /** Creates the error of a wait that was too long. */
  readonly timeoutError?: () => unknown;
}

/**
 * Chunks of the body of an answer, decompressed, in order.
 *
 * Ends only when the end of the answer is proven: by the trailer of the gzip format, which has the length of all that comes before
 * it, whatever a gateway made of a connection that it lost; for an answer without compression, by its `Content-Length` or last
 * chunk. Otherwise rejects with `BrokenMessageError`.
 *
 * A failure of the connection comes behind all bytes that arrived before it: a server that reports an error cuts the connection
 * behind its report. An abort and a body that is too large come at once, and close the connection, like `return`.
 *
 * While more than 1 MiB waits for the consumer, nothing is read from the connection.
 */
export class Body implements AsyncIterableIterator<Uint8Array> {
  readonly #answer: Answer;
  readonly #limits: BodyLimits;
  readonly #maxBytes: number;
  readonly #ignoreSignal: () => void;
  readonly #chunks: Uint8Array[] = [];
  #waitingBytes = 0;
  #isPaused = false;
  #size = 0;
  #compressedSize = 0;
  /** Stored blocks, which need no decompression. */
  #stored: StoredGzip | undefined;
  #gunzip: Gunzip | undefined;
  #end: BodyEnd | undefined;
  #consumer: Consumer | undefined;

  constructor(answer: Answer, signal: AbortSource, limits: BodyLimits = {}) {
    this.#answer = answer;
    this.#limits = limits;
    this.#maxBytes = limits.maxBytes ?? Infinity;
    const { body, headers } = answer;
    const encoding = headers['content-encoding'] ?? 'identity';
    if (encoding === 'gzip') this.#stored = new StoredGzip();
    body.on('data', this.#take.bind(this));
    body.on('end', this.#finish.bind(this));
    body.on('error', (error) => this.#breakOff(error));
    this.#ignoreSignal = onAbort(signal, () => this.#fail(signal.reason));
    if (encoding !== 'gzip' && encoding !== 'identity') {
      this.#fail(new BrokenMessageError(`the answer is compressed as ${String(encoding).slice(0, 20)}`));
    }
  }

  /** Decompressed bytes that have arrived. */
  get size(): number {
    return this.#size;
  }

  [Symbol.asyncIterator](): this {
    return this;
  }

  next(): Promise<IteratorResult<Uint8Array>> {
    const chunk = this.#chunks.shift();
    if (chunk) {
      this.#waitingBytes -= chunk.length;
      if (this.#isPaused && this.#waitingBytes < MAX_WAITING_BYTES / 2) this.#resume();
      return Promise.resolve({ done: false, value: chunk });
    }
    if (this.#end) {
      if ('error' in this.#end) return Promise.reject(this.#end.error as Error);
      return Promise.resolve({ done: true, value: undefined });
    }
    return new Promise((resolve, reject) => {
      this.#consumer = { resolve, reject };
      const { maxWaitMs, timeoutError } = this.#limits;
      if (maxWaitMs === undefined) return;
      const expiry = expiryTimer.after(maxWaitMs, () => this.#close({ error: timeoutError?.() }), true);
      this.#consumer.expiry = expiry;
    });
  }

  /** Closes the connection unless all of the body was read. */
  return(): Promise<IteratorResult<Uint8Array>> {
    this.#close({});
    return Promise.resolve({ done: true, value: undefined });
  }

  #take(chunk: Buffer): void {
    if (this.#end) return;
    this.#compressedSize += chunk.length;
    if (this.#compressedSize > this.#maxBytes) return this.#fail(new BodyTooLargeError(this.#maxBytes));
    if (this.#gunzip) {
      this.#gunzip.write(chunk);
      return;
    }
    if (!this.#stored) return this.#give(chunk);
    try {
      const other = this.#stored.read(chunk, this.#give);
      if (other) this.#startGunzip(other);
    } catch (error) {
      this.#fail(error);
    }
  }

  readonly #give = (chunk: Buffer): void => {
    if (this.#end || chunk.length === 0) return;
    this.#size += chunk.length;
    if (this.#size > this.#maxBytes) return this.#fail(new BodyTooLargeError(this.#maxBytes));
    const consumer = this.#takeConsumer();
    if (consumer) {
      consumer.resolve({ done: false, value: chunk });
      return;
    }
    this.#chunks.push(chunk);
    this.#waitingBytes += chunk.length;
    if (this.#waitingBytes > MAX_WAITING_BYTES && !this.#isPaused) this.#pause();
  };

  #takeConsumer(): Consumer | undefined {
    const consumer = this.#consumer;
    this.#consumer = undefined;
    if (consumer?.expiry) expiryTimer.cancel(consumer.expiry);
    return consumer;
  }

  #pause(): void {
    this.#isPaused = true;
    this.#answer.body.pause();
    this.#gunzip?.pause();
  }

  #resume(): void {
    this.#isPaused = false;
    this.#gunzip?.resume();
    this.#answer.body.resume();
  }

  #startGunzip(first: Buffer): void {
    this.#stored = undefined;
    const gunzip = createGunzip({ chunkSize: 2 ** 16 });
    this.#gunzip = gunzip;
    gunzip.on('data', this.#give);
    gunzip.on('end', () => this.#settle({}));
    gunzip.on('error', (error) => this.#settle({ error }));
    gunzip.write(first);
  }

  /** The connection has delivered the whole body, as it was framed. */
  #finish(): void {
    if (this.#gunzip) this.#gunzip.end();
    else if (this.#stored && !this.#stored.isComplete) {
      this.#settle({ error: new BrokenMessageError('the compressed answer ends before its end') });
    } else if (!this.#stored && this.#size > 0 && !isFramed(this.#answer)) {
      this.#settle({ error: new BrokenMessageError('the answer has nothing that proves its end') });
    } else this.#settle({});
  }

  /** The connection broke. What was left in the stream comes first. */
  #breakOff(error: Error): void {
    const { body } = this.#answer;
    for (let rest = body.read() as Buffer | null; rest; rest = body.read() as Buffer | null) this.#take(rest);
    if (this.#gunzip) this.#gunzip.flush(constants.Z_SYNC_FLUSH, () => this.#settle({ error }));
    else this.#settle({ error });
  }

  #fail(error: unknown): void {
    this.#close({ error });
  }

  /** Ends at once, without what waits. */
  #close(end: BodyEnd): void {
    this.#chunks.length = 0;
    if (this.#end) return;
    this.#settle(end);
    this.#answer.body.destroy();
    this.#gunzip?.destroy();
  }

  #settle(end: BodyEnd): void {
    if (this.#end) return;
    this.#end = end;
    this.#ignoreSignal();
    const consumer = this.#takeConsumer();
    if (!consumer) return;
    if ('error' in end) consumer.reject(end.error);
    else consumer.resolve({ done: true, value: undefined });
  }
}

/** Whether HTTP itself marks the end of the body, other than by the end of the connection. */
const isFramed = ({ headers }: Answer): boolean =>
  headers['content-length'] !== undefined || headers['transfer-encoding'] !== undefined;

const HEADER_BYTES = 10;
/** Flags and compression level of a block, its length, and the complement of its length. */
const BLOCK_HEAD_BYTES = 5;
const TRAILER_BYTES = 8;

/** Reads gzip whose blocks are stored and not compressed, without copying. */
class StoredGzip {
  isComplete = false;
  /** Bytes of a header, the head of a block or the trailer that has not come whole. */
  #part: Buffer = NOTHING;
  #header: Buffer | undefined;
  /** Bytes of the current block that have not come. */
  #rest = 0;
  #isLast = false;
  #size = 0;

  /**
   * Takes the next chunk. Returns the beginning of the answer, up to the end of this chunk, when its blocks are compressed.
   * Throws `BrokenMessageError` for a trailer that does not fit the data.
   */
  read(chunk: Buffer, give: (data: Buffer) => void): Buffer | undefined {
    let offset = 0;
    if (this.isComplete) throw new BrokenMessageError('the compressed answer goes on behind its end');
    while (offset < chunk.length) {
      if (this.#rest > 0) {
        const data = chunk.subarray(offset, offset + this.#rest);
        offset += data.length;
        this.#rest -= data.length;
        this.#size += data.length;
        give(data);
        continue;
      }
      const length = !this.#header ? HEADER_BYTES : this.#isLast ? TRAILER_BYTES : BLOCK_HEAD_BYTES;
      const missing = length - this.#part.length;
      const come = chunk.subarray(offset, offset + missing);
      const part = this.#part.length === 0 ? come : Buffer.concat([this.#part, come]);
      offset += come.length;
      this.#part = part.length < length ? part : NOTHING;
      if (part.length < length) return undefined;
      if (!this.#header) this.#header = part;
      else if (this.#isLast) this.#end(part, offset < chunk.length);
      else if (!this.#begin(part)) return Buffer.concat([this.#header, part, chunk.subarray(offset)]);
    }
    return undefined;
  }

  /** Returns whether a block with this head is stored. Only the first block may be another. */
  #begin(head: Buffer): boolean {
    const length = head.readUInt16LE(1);
    const hasNoExtras = this.#header![3] === 0;
    const isStored = (head[0]! & 0b110) === 0 && head.readUInt16LE(3) === (~length & 0xffff) && hasNoExtras;
    if (!isStored) {
      if (this.#size > 0) throw new BrokenMessageError('the compressed answer cannot be read');
      return false;
    }
    this.#isLast = (head[0]! & 1) === 1;
    this.#rest = length;
    return true;
  }

  #end(trailer: Buffer, hasMore: boolean): void {
    if (trailer.readUInt32LE(4) !== this.#size % 2 ** 32 || hasMore) {
      throw new BrokenMessageError('the compressed answer is not as long as it says');
    }
    this.isComplete = true;
  }
}
