import type { ServerResponse } from 'node:http';
import type { HttpConfig } from '@quantumtrade/dal-config';
import type { MarketStream, MarketStreamItem } from '@quantumtrade/dal-domain';
import type { Clock } from '@quantumtrade/dal-runtime';
import { losslessJson } from '../http/lossless-json.js';
import { toProblem } from '../http/problem.js';
import { RefusedRequest } from '../http/refused-request.js';
import { eventId, type TickPositions } from './event-ids.js';
import { EventStream } from './event-stream.js';

const RETRY_AFTER_MS = 5_000;

/** Open event streams of live ticks. Bounds their number. */
export class TickStreams {
  readonly #marketStream: Pick<MarketStream, 'subscribe'>;
  readonly #config: HttpConfig['ticks'];
  readonly #clock: Clock;
  readonly #open = new Set<EventStream>();

  constructor(marketStream: Pick<MarketStream, 'subscribe'>, config: HttpConfig['ticks'], clock: Clock) {
    this.#marketStream = marketStream;
    this.#config = config;
    this.#clock = clock;
  }

  /** @throws RefusedRequest when there are too many streams */
  requirePlace(): void {
    if (this.#open.size < this.#config.maxStreams) return;
    throw new RefusedRequest('OVERLOADED', 'too many event streams are open', RETRY_AFTER_MS);
  }

  /** Sends the ticks of the symbols after these positions until the client leaves or the service stops. Never throws. */
  async send(response: ServerResponse, symbols: readonly string[], after: TickPositions): Promise<void> {
    const controller = new AbortController();
    const events = new EventStream(response, this.#config, this.#clock);
    this.#open.add(events);
    response.once('close', () => {
      this.#open.delete(events);
      controller.abort(new Error('the client has left'));
    });
    const options = { after, bufferSize: this.#config.bufferSize, signal: controller.signal };
    try {
      const positions: Record<string, string> = { ...after };
      for await (const item of this.#marketStream.subscribe(symbols, options)) {
        positions[item.symbol] = item.position;
        await events.send({ id: eventId(positions), event: item.kind, data: dataOf(item) });
        if (events.isEnded) break;
      }
    } catch (error) {
      const { code, detail, retryable } = toProblem(error);
      events.end('failed', { code, detail, retryable });
    }
  }

  /** Ends all streams, because the service stops. */
  end(): void {
    for (const events of this.#open) events.end('stopping');
  }
}

const dataOf = (item: MarketStreamItem): string =>
  losslessJson(item.kind === 'tick' ? item.tick : { symbol: item.symbol });
