import { DateTime } from 'luxon';
import type { Bar } from '../ingest/bars.js';
import { DemoRandom } from './random.js';

export interface GeneratorOptions {
  /** Total number of bars. */
  bars: number;
  symbols: number;
  seed: number;
}

const FIRST_SESSION = DateTime.fromISO('2024-01-02T09:30', { zone: 'America/New_York' });
const SESSION_MINUTES = 390;
const MINUTE_MS = 60_000;
const TRADING_DAYS = 252;
const SATURDAY = 6;

export const symbolName = (index: number): string => `SIM${String(index + 1).padStart(3, '0')}`;

/**
 * Generates one-minute bars of invented symbols in order of time, like a feed: every weekday from 9:30 to 16:00
 * in New York, prices on a geometric random walk with gaps over night, in cents. The same options give the same bars.
 */
export function* generatedBars({ bars, symbols, seed }: GeneratorOptions): Generator<Bar> {
  const random = new DemoRandom(seed);
  const walks = Array.from({ length: symbols }, (_, index) => new Walk(symbolName(index), random));
  let made = 0;
  for (let session = FIRST_SESSION; ; session = session.plus({ days: 1 })) {
    if (session.weekday >= SATURDAY) continue;
    for (let minute = 0; minute < SESSION_MINUTES; minute++) {
      const timestamp = session.toMillis() + minute * MINUTE_MS;
      for (const walk of walks) {
        if (made++ === bars) return;
        yield walk.next(timestamp, minute);
      }
    }
  }
}

const cents = (price: number): number => Math.max(1, Math.round(price * 100)) / 100;

class Walk {
  readonly #symbol: string;
  readonly #random: DemoRandom;
  readonly #deviation: number;
  readonly #usualVolume: number;
  #price: number;

  constructor(symbol: string, random: DemoRandom) {
    this.#symbol = symbol;
    this.#random = random;
    this.#price = random.between(10, 500);
    this.#deviation = random.between(0.15, 0.45) / Math.sqrt(TRADING_DAYS * SESSION_MINUTES);
    this.#usualVolume = random.between(500, 20_000);
  }

  next(timestamp: number, minute: number): Bar {
    const random = this.#random;
    const step = (deviation: number) => Math.exp(deviation * random.normal() - deviation ** 2 / 2);
    const open = minute === 0 ? this.#price * step(8 * this.#deviation) : this.#price;
    this.#price = open * step(this.#deviation);
    const reach = () => 1 + (this.#deviation / 2) * Math.abs(random.normal());
    const close = cents(this.#price);
    // More is traded at the open and the close of a session than in between.
    const busy = 0.5 + 2 * (minute / SESSION_MINUTES - 0.5) ** 2;
    return {
      symbol: this.#symbol,
      timestamp,
      open: cents(open),
      high: cents(Math.max(open, this.#price) * reach()),
      low: cents(Math.min(open, this.#price) / reach()),
      close,
      volume: Math.round(this.#usualVolume * busy * random.between(0.2, 2)),
      adjustedClose: close,
      qualityScore: 100,
    };
  }
}
