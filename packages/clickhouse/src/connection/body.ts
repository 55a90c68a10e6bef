import type { Readable } from 'node:stream';
import { constants, createGunzip } from 'node:zlib';
import type { Gunzip } from 'node:zlib';
import type { LightAbortSignal } from '@quantumtrade/dal-runtime';
import { BodyTooLargeError, BrokenMessageError, type AnswerHead } from './answer-errors.js';

/** Answer to one request, before anything of its body is read. */
export interface Answer extends AnswerHead {
  /** Id that was sent with the request. ClickHouse repeats it in the head of its answer. */
  readonly queryId: string;
  /** Bytes as they came over the wire: compressed when the headers say so. */
  readonly body: Readable;
}

const NOTHING = Buffer.alloc(0);

/** Encodings of bodies. The bytes of zstd are given as they come, and their reader proves their end. */
const READABLE: ReadonlySet<string> = new Set(['identity', 'gzip', 'zstd']);

/** Reader of a body, which is given its decompressed chunks in order, and then its end. */
export interface BodyConsumer {
  /** Takes the next chunk. An error that it throws closes the connection and ends the body. */
  take(chunk: Buffer): void;
  /** The body is complete. Gets its size in bytes. */
  end(bytes: number): void;
  /**
   * The body ends before it is complete.
   *
   * @param isLeft whether the reader left it, by an abort, a limit or an error of its own, rather than that its connection failed
   */
  fail(error: unknown, isLeft: boolean): void;
}

/**
 * Body of an answer, decompressed.
 *
 * It is complete only when the end of the answer is proven: by the trailer of the gzip format, which has the length of all that
 * comes before it, whatever a gateway made of a connection that it lost; for an answer without compression, by its `Content-Length` or
 * last chunk. Otherwise it fails with `BrokenMessageError`.
 *
 * A failure of the connection comes behind all bytes that arrived before it: a server that reports an error cuts the connection
 * behind its report. An abort and a body that is too large come at once, and close the connection.
 */
export class Body {
  readonly #answer: Answer;
  readonly #consumer: BodyConsumer;
  readonly #maxBytes: number;
  #size = 0;
  #compressedSize = 0;
  /** Stored blocks, which need no decompression. */
  #stored: StoredGzip | undefined;
  #gunzip: Gunzip | undefined;
  #hasEnded = false;

  /**
   * @param signal signal of this body alone
   * @param maxBytes limit on the bytes, compressed and decompressed
   */
  constructor(answer: Answer, signal: LightAbortSignal, maxBytes: number, consumer: BodyConsumer) {
    this.#answer = answer;
    this.#maxBytes = maxBytes;
    this.#consumer = consumer;
    const { body, headers } = answer;
    const encoding = headers['content-encoding'] ?? 'identity';
    if (encoding === 'gzip') this.#stored = new StoredGzip(this.#give.bind(this));
    body.on('data', this.#take.bind(this));
    body.on('end', this.#finish.bind(this));
    body.on('error', (error) => this.#breakOff(error));
    signal.subscribe(() => this.#leave(signal.reason));
    if (!READABLE.has(String(encoding))) {
      this.#leave(new BrokenMessageError(`the answer is compressed as ${String(encoding).slice(0, 20)}`));
    }
  }

  /** Gives nothing until {@link resume}. */
  pause(): void {
    this.#answer.body.pause();
    this.#gunzip?.pause();
  }

  resume(): void {
    this.#gunzip?.resume();
    this.#answer.body.resume();
  }

  /** Ends the body without a word to its consumer. Closes the connection unless all of the body was read. */
  close(): void {
    if (this.#hasEnded) return;
    this.#hasEnded = true;
    this.#answer.body.destroy();
    this.#gunzip?.destroy();
  }

  #take(chunk: Buffer): void {
    if (this.#hasEnded) return;
    this.#compressedSize += chunk.length;
    if (this.#compressedSize > this.#maxBytes) return this.#leave(new BodyTooLargeError(this.#maxBytes));
    if (this.#gunzip) {
      this.#gunzip.write(chunk);
      return;
    }
    if (!this.#stored) return this.#give(chunk);
    try {
      const other = this.#stored.read(chunk);
      if (other) this.#startGunzip(other);
    } catch (error) {
      this.#leave(error);
    }
  }

  #give(chunk: Buffer): void {
    if (this.#hasEnded || chunk.length === 0) return;
    this.#size += chunk.length;
    if (this.#size > this.#maxBytes) return this.#leave(new BodyTooLargeError(this.#maxBytes));
    try {
      this.#consumer.take(chunk);
    } catch (error) {
      this.#leave(error);
    }
  }

  #startGunzip(first: Buffer): void {
    this.#stored = undefined;
    const gunzip = createGunzip({ chunkSize: 2 ** 16 });
    this.#gunzip = gunzip;
    gunzip.on('data', this.#give.bind(this));
    gunzip.on('end', () => this.#complete());
    gunzip.on('error', (error) => this.#fail(error));
    gunzip.write(first);
  }

  /** The connection has delivered the whole body, as it was framed. */
  #finish(): void {
    if (this.#gunzip) this.#gunzip.end();
    else if (this.#stored && !this.#stored.isComplete) {
      this.#fail(new BrokenMessageError('the compressed answer ends before its end'));
    } else if (!this.#stored && this.#size > 0 && !isFramed(this.#answer)) {
      this.#fail(new BrokenMessageError('the answer has nothing that proves its end'));
    } else this.#complete();
  }

  /** The connection broke. What was left in the stream comes first. */
  #breakOff(error: Error): void {
    const { body } = this.#answer;
    for (let rest = body.read() as Buffer | null; rest; rest = body.read() as Buffer | null) this.#take(rest);
    if (this.#gunzip) this.#gunzip.flush(constants.Z_SYNC_FLUSH, () => this.#fail(error));
    else this.#fail(error);
  }

  #complete(): void {
    if (this.#hasEnded) return;
    this.#hasEnded = true;
    this.#consumer.end(this.#size);
  }

  #fail(error: unknown): void {
    if (this.#hasEnded) return;
    this.#hasEnded = true;
    this.#consumer.fail(error, false);
  }

  /** Ends at once, without what is still to come. */
  #leave(error: unknown): void {
    if (this.#hasEnded) return;
    this.close();
    this.#consumer.fail(error, true);
  }
}

/** Reader of a whole body. */
export interface BodyReader extends Pick<BodyConsumer, 'take'> {
  /** Returns the error that a failure of the connection becomes. @default none: itself */
  errorOf?(error: unknown): unknown;
}

/** Gives a whole body to its reader. Resolves with its size in bytes, and rejects with what it fails with. */
export function readBody(
  answer: Answer,
  signal: LightAbortSignal,
  maxBytes: number,
  reader: BodyReader,
): Promise<number> {
  return new Promise((resolve, reject) => {
    new Body(answer, signal, maxBytes, {
      take(chunk) {
        reader.take(chunk);
      },
      end: resolve,
      fail(error, isLeft) {
        reject((isLeft || !reader.errorOf ? error : reader.errorOf(error)) as Error);
      },
    });
  });
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
  readonly #give: (data: Buffer) => void;
  /** Bytes of a header, the head of a block or the trailer that has not come whole. */
  #part: Buffer = NOTHING;
  #header: Buffer | undefined;
  /** Bytes of the current block that have not come. */
  #rest = 0;
  #isLast = false;
  #size = 0;

  constructor(give: (data: Buffer) => void) {
    this.#give = give;
  }

  /**
   * Takes the next chunk. Returns the beginning of the answer, up to the end of this chunk, when its blocks are compressed.
   * Throws `BrokenMessageError` for a trailer that does not fit the data.
   */
  read(chunk: Buffer): Buffer | undefined {
    let offset = 0;
    if (this.isComplete) throw new BrokenMessageError('the compressed answer goes on behind its end');
    while (offset < chunk.length) {
      if (this.#rest > 0) {
        const data = chunk.subarray(offset, offset + this.#rest);
        offset += data.length;
        this.#rest -= data.length;
        this.#size += data.length;
        this.#give(data);
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
