import type { Bar } from './bars.js';

/** Minimum number of remembered bars. */
const REMEMBERED = 50_000;

interface Seen {
  readonly line: number;
  readonly content: string;
}

/** The last bars that were read, by symbol and instant, in bounded memory. */
export class SeenBars {
  #newer = new Map<string, Seen>();
  #older = new Map<string, Seen>();

  /** Remembers a bar. Returns the line of an earlier one with the same key and another content. */
  add({ symbol, timestamp, ...values }: Bar, line: number): number | undefined {
    const key = `${Number(timestamp)} ${symbol}`;
    const { open, high, low, close, volume, adjustedClose, qualityScore } = values;
    const content = `${open} ${high} ${low} ${close} ${volume} ${adjustedClose} ${qualityScore}`;
    const earlier = this.#newer.get(key) ?? this.#older.get(key);
    if (earlier) return earlier.content === content ? undefined : earlier.line;
    this.#newer.set(key, { line, content });
    if (this.#newer.size >= REMEMBERED) {
      this.#older = this.#newer;
      this.#newer = new Map();
    }
    return undefined;
  }
}
