import { expiryTimer, type Expiry, type LightAbortSignal } from '@quantumtrade/dal-runtime';
import { Body, type Answer } from './body.js';

/** Bytes that wait for a slow consumer before the connection is paused. */
const MAX_WAITING_BYTES = 2 ** 20;

interface BodyEnd {
  /** @default none: the body is complete */
  readonly error?: unknown;
}

/** A call of `next` that waits. */
interface WaitingRead {
  resolve(result: IteratorResult<Uint8Array>): void;
  reject(error: unknown): void;
  readonly expiry: Expiry;
}

export interface WaitLimit {
  /** Longest wait for the next chunk (milliseconds). */
  readonly maxWaitMs: number;
  /** Creates the error of a wait that was too long. */
  readonly timeoutError: () => unknown;
}

/**
 * Chunks of a body, for a consumer that reads at its own pace. While more than 1 MiB waits for it, nothing is read from the
 * connection. Like `return`, an abort closes the connection; it rejects at once, without what waits.
 */
export class BodyStream implements AsyncIterableIterator<Uint8Array> {
  receivedBytes = 0;
  readonly #body: Body;
  readonly #limit: WaitLimit;
  readonly #chunks: Uint8Array[] = [];
  #waitingBytes = 0;
  #isPaused = false;
  #end: BodyEnd | undefined;
  #reading: WaitingRead | undefined;

  /** @param signal signal of this body alone */
  constructor(answer: Answer, signal: LightAbortSignal, limit: WaitLimit) {
    this.#limit = limit;
    this.#body = new Body(answer, signal, Infinity, {
      take: (chunk) => this.#take(chunk),
      end: () => this.#settle({}),
      fail: (error, isLeft) => {
        if (isLeft) this.#chunks.length = 0;
        this.#settle({ error });
      },
    });
  }

  [Symbol.asyncIterator](): this {
    return this;
  }

  next(): Promise<IteratorResult<Uint8Array>> {
    const chunk = this.#chunks.shift();
    if (chunk) {
      this.#waitingBytes -= chunk.length;
      if (this.#isPaused && this.#waitingBytes < MAX_WAITING_BYTES / 2) {
        this.#isPaused = false;
        this.#body.resume();
      }
      return Promise.resolve({ done: false, value: chunk });
    }
    if (this.#end) {
      if ('error' in this.#end) return Promise.reject(this.#end.error as Error);
      return Promise.resolve({ done: true, value: undefined });
    }
    return new Promise((resolve, reject) => {
      const { maxWaitMs, timeoutError } = this.#limit;
      const expire = () => {
        this.#body.close();
        this.#settle({ error: timeoutError() });
      };
      this.#reading = { resolve, reject, expiry: expiryTimer.after(maxWaitMs, expire, true) };
    });
  }

  /** Closes the connection unless all of the body was read. */
  return(): Promise<IteratorResult<Uint8Array>> {
    this.#chunks.length = 0;
    this.#body.close();
    this.#settle({});
    return Promise.resolve({ done: true, value: undefined });
  }

  #take(chunk: Uint8Array): void {
    this.receivedBytes += chunk.length;
    const reading = this.#endReading();
    if (reading) return reading.resolve({ done: false, value: chunk });
    this.#chunks.push(chunk);
    this.#waitingBytes += chunk.length;
    if (this.#waitingBytes <= MAX_WAITING_BYTES || this.#isPaused) return;
    this.#isPaused = true;
    this.#body.pause();
  }

  #endReading(): WaitingRead | undefined {
    const reading = this.#reading;
    this.#reading = undefined;
    if (reading) expiryTimer.cancel(reading.expiry);
    return reading;
  }

  #settle(end: BodyEnd): void {
    if (this.#end) return;
    this.#end = end;
    const reading = this.#endReading();
    if (!reading) return;
    if ('error' in end) reading.reject(end.error);
    else reading.resolve({ done: true, value: undefined });
  }
}
