import { Backoff, Deadline, type Cancel, type Clock } from '@quantumtrade/dal-runtime';
import type { ExporterCounts } from '../exporter.js';
import type { LogDestination } from '../logs/log-destination.js';
import type { LogEvent, LogsApi } from './logs-api.js';

/** Limits of one call of PutLogEvents. */
const MAX_BATCH_BYTES = 1_048_576;
const MAX_BATCH_EVENTS = 10_000;
const MAX_BATCH_SPAN_MS = 24 * 3_600_000;
/** Size of an event beyond its message. */
const EVENT_OVERHEAD_BYTES = 26;

/** Time for which lines are collected before they are sent. */
const COLLECT_MS = 1_000;
/** Lines that wait to be sent; further ones are dropped (bytes). */
const MAX_QUEUED_BYTES = 16 * MAX_BATCH_BYTES;
const CLOSE_WITHIN_MS = 5_000;
const RETRY = { initialDelayMs: 1_000, maxDelayMs: 30_000 };

interface QueuedEvent extends LogEvent {
  readonly bytes: number;
}

/**
 * Sends lines to CloudWatch Logs, in order and one batch at a time. While it cannot be reached, lines wait within the bound of the queue, and
 * the latest are dropped beyond it. A batch that is refused for good is dropped.
 */
export class LogQueue implements LogDestination {
  readonly counts: ExporterCounts & { dropped: number };
  readonly #api: LogsApi;
  readonly #clock: Clock;
  readonly #maxBytes: number;
  readonly #backoff: Backoff;
  readonly #events: QueuedEvent[] = [];
  #bytes = 0;
  #lastAt = 0;
  #sending: Promise<void> | undefined;
  #cancel: Cancel | undefined;
  #isClosed = false;

  /** @param maxBytes - @default 16 MiB */
  constructor(api: LogsApi, clock: Clock, maxBytes = MAX_QUEUED_BYTES, random: () => number = Math.random) {
    this.counts = { exporter: 'cloudwatch.logs', failures: 0, dropped: 0 };
    this.#api = api;
    this.#clock = clock;
    this.#maxBytes = maxBytes;
    this.#backoff = new Backoff({ ...RETRY, random });
  }

  write(line: string): void {
    const message = line.replace(/\n$/, '');
    const bytes = Buffer.byteLength(message) + EVENT_OVERHEAD_BYTES;
    if (this.#isClosed || bytes > MAX_BATCH_BYTES || this.#bytes + bytes > this.#maxBytes) {
      this.counts.dropped++;
      return;
    }
    // The events of a batch must be in order, also when the clock is set back.
    this.#lastAt = Math.max(this.#lastAt, this.#clock.now());
    this.#events.push({ timestamp: this.#lastAt, message, bytes });
    this.#bytes += bytes;
    if (this.#bytes >= MAX_BATCH_BYTES) this.#sendNow();
    else this.#sendAfter(COLLECT_MS);
  }

  /** Sends what is queued, for up to five seconds; what is left then is dropped. */
  async close(): Promise<void> {
    this.#isClosed = true;
    const limit = new Deadline({ timeoutMs: CLOSE_WITHIN_MS }, undefined, this.#clock);
    await limit.race(this.#flush()).catch(() => undefined);
    this.#cancel?.();
    this.counts.dropped += this.#events.length;
    this.#events.length = 0;
    this.#api.close();
  }

  async #flush(): Promise<void> {
    await this.#sending;
    await this.#send();
  }

  #sendAfter(delayMs: number): void {
    this.#cancel ??= this.#clock.after(delayMs, () => this.#sendNow());
  }

  #sendNow(): void {
    if (this.#sending) return;
    this.#cancel?.();
    this.#cancel = undefined;
    this.#sending = this.#send().then((delayMs) => {
      this.#sending = undefined;
      if (this.#events.length > 0 && !this.#isClosed) this.#sendAfter(delayMs);
    });
  }

  /** Sends batches until none is left or one fails. Returns the delay before the next attempt. Never rejects. */
  async #send(): Promise<number> {
    while (this.#events.length > 0) {
      const batch = this.#nextBatch();
      try {
        this.counts.dropped += await this.#put(batch);
        this.#backoff.reset();
      } catch (error) {
        this.counts.failures++;
        if (!isRefusal(error)) return this.#backoff.next();
        this.counts.dropped += batch.length;
      }
      for (const { bytes } of this.#events.splice(0, batch.length)) this.#bytes -= bytes;
    }
    return COLLECT_MS;
  }

  async #put(batch: readonly LogEvent[]): Promise<number> {
    const events = batch.map(({ timestamp, message }) => ({ timestamp, message }));
    try {
      return await this.#api.put(events);
    } catch (error) {
      if (nameOf(error) !== 'ResourceNotFoundException') throw error;
      await this.#api.createStream().catch((failure: unknown) => {
        if (nameOf(failure) !== 'ResourceAlreadyExistsException') throw failure;
      });
      return this.#api.put(events);
    }
  }

  #nextBatch(): readonly QueuedEvent[] {
    let bytes = 0;
    let count = 0;
    const first = this.#events[0]!.timestamp;
    for (const event of this.#events) {
      bytes += event.bytes;
      const isFull = count === MAX_BATCH_EVENTS || bytes > MAX_BATCH_BYTES;
      if (isFull || event.timestamp - first >= MAX_BATCH_SPAN_MS) break;
      count++;
    }
    return this.#events.slice(0, count);
  }
}

const nameOf = (error: unknown): unknown => (error as { name?: unknown } | undefined)?.name;

/** Whether the same batch would be refused again. */
const isRefusal = (error: unknown): boolean => nameOf(error) === 'InvalidParameterException';
