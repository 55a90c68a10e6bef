import type { Writable } from 'node:stream';
import type { HttpConfig } from '@quantumtrade/dal-config';
import type { Cancel, Clock } from '@quantumtrade/dal-runtime';

/** One server-sent event. */
export interface ServerSentEvent {
  readonly event: string;
  /** A text without line breaks, such as JSON. */
  readonly data: string;
  /** Sent back by the client as `Last-Event-ID` when it connects again. */
  readonly id?: string;
}

/** Reason for which a stream of events ends. The client gets it as the data of the event `end`. */
export type EndReason = 'failed' | 'slow-consumer' | 'stopping';

/** Time for a client to take the last event of a stream that has ended. */
const LAST_EVENT_MS = 1_000;
const RECONNECT_MS = 2_000;

/**
 * Response of server-sent events. It holds one event more than the buffer of the connection: the next one waits until the client
 * takes them, and a client that takes none for the stall timeout is disconnected.
 */
export class EventStream {
  readonly #response: Writable;
  readonly #limits: Pick<HttpConfig['ticks'], 'heartbeatMs' | 'stallTimeoutMs'>;
  readonly #clock: Clock;
  #cancelHeartbeat: Cancel = () => {};
  #isEnded = false;
  #onEnd = () => {};

  constructor(
    response: Writable,
    limits: Pick<HttpConfig['ticks'], 'heartbeatMs' | 'stallTimeoutMs'>,
    clock: Clock,
  ) {
    this.#response = response;
    this.#limits = limits;
    this.#clock = clock;
    response.once('close', () => this.#settle());
    response.write(`retry: ${RECONNECT_MS}\n\n`);
    this.#scheduleHeartbeat();
  }

  get isEnded(): boolean {
    return this.#isEnded;
  }

  /** Sends an event. Resolves when the next one may be sent, or the stream has ended. */
  async send({ event, data, id }: ServerSentEvent): Promise<void> {
    if (this.#isEnded) return;
    this.#scheduleHeartbeat();
    const isTaken = this.#response.write(
      `${id === undefined ? '' : `id: ${id}\n`}event: ${event}\ndata: ${data}\n\n`,
    );
    if (!isTaken) await this.#drained();
  }

  /** Sends the event `end` as the last one, and closes the connection once the client has taken it, or within a second. */
  end(reason: EndReason, detail: object = {}): void {
    if (this.#isEnded) return;
    this.#response.end(`event: end\ndata: ${JSON.stringify({ reason, ...detail })}\n\n`);
    const cancel = this.#clock.after(LAST_EVENT_MS, () => this.#response.destroy());
    this.#response.once('close', cancel);
    this.#settle();
  }

  async #drained(): Promise<void> {
    const cancel = this.#clock.after(this.#limits.stallTimeoutMs, () => this.end('slow-consumer'));
    await new Promise<void>((resolve) => {
      this.#onEnd = resolve;
      this.#response.once('drain', resolve);
    });
    cancel();
  }

  #scheduleHeartbeat(): void {
    this.#cancelHeartbeat();
    this.#cancelHeartbeat = this.#clock.after(this.#limits.heartbeatMs, () => {
      if (!this.#response.writableNeedDrain) this.#response.write(':\n\n');
      this.#scheduleHeartbeat();
    });
  }

  #settle(): void {
    this.#isEnded = true;
    this.#cancelHeartbeat();
    this.#onEnd();
  }
}
