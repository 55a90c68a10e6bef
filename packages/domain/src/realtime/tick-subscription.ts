import type { Clock } from '@quantumtrade/dal-runtime';
import { onAbort, systemClock } from '@quantumtrade/dal-runtime';
import { isDatabaseError, ValidationError } from '../errors.js';
import { keysOf, requireType, requireWholeNumber, isPlainMap } from '../arguments.js';
import { checkCall } from '../ports/call.js';
import type { MarketStreamItem, SubscribeOptions } from '../ports/market-stream.js';

const OPERATION = 'marketStream.subscribe';
const SUBSCRIBE_OPTIONS = keysOf<SubscribeOptions>({ after: true, bufferSize: true, signal: true });
const DEFAULT_BUFFER_SIZE = 1_000;
const SYMBOLS_AT_ONCE = 64;
const RETRY_AFTER_MS = 100;

/** Source of a subscription's ticks. A cursor is the source's own position to read on from. */
export interface TickSource<Cursor> {
  /** Returns the cursor of a position; throws `ValidationError` when the position is invalid. */
  cursorAfter(position: string): Cursor;
  /** Reads at most `count` ticks after the cursor. Without a cursor, it returns no tick but the cursor at the stream's end. */
  look(symbol: string, cursor: Cursor | undefined, count: number): Promise<TickLook<Cursor>>;
  /** Reports symbols that may have new ticks, and all of them when the source closes, until the returned function is called. */
  watch(symbols: readonly string[], onNews: (symbol: string) => void): () => void;
}

export interface TickLook<Cursor> {
  readonly items: readonly MarketStreamItem[];
  readonly cursor: Cursor;
  /** Whether there was more than `count` ticks. */
  readonly hasMore: boolean;
}

/** Implements `MarketStream.subscribe` over a source of ticks. */
export function subscribeToTicks<Cursor>(
  source: TickSource<Cursor>,
  symbols: string | readonly string[],
  options: SubscribeOptions = {},
  clock: Clock = systemClock,
): AsyncIterable<MarketStreamItem> {
  return { [Symbol.asyncIterator]: () => new TickSubscription(source, [symbols].flat(), options, clock) };
}

/**
 * Reads ticks only when an item is requested and none is held. New ticks make a symbol unread; a failed read leaves it unread and is
 * repeated.
 */
class TickSubscription<Cursor> implements AsyncIterator<MarketStreamItem, undefined> {
  readonly #source: TickSource<Cursor>;
  readonly #clock: Clock;
  readonly #given: SubscribeOptions;
  /** The options, once they are checked. */
  #options: SubscribeOptions = {};
  readonly #cursors: Map<string, Cursor | undefined>;
  /** Symbols that may have new ticks, the longest waiting first. */
  readonly #unread: Set<string>;
  /** Items read and not yet returned, the last one first. */
  #held: MarketStreamItem[] = [];
  /** The last call of `next`; calls run one after the other. */
  #last: Promise<unknown> = Promise.resolve();
  #begun = false;
  #isOver = false;
  /** Error of the next call when the subscription is over. */
  #failure: { readonly reason: unknown } | undefined;
  /** Ends the wait for new ticks. */
  #wake = () => {};
  /** Ends the wait for reads in flight. */
  #leave = () => {};
  #unwatch = () => {};
  #ignoreSignal = () => {};

  constructor(
    source: TickSource<Cursor>,
    symbols: readonly string[],
    options: SubscribeOptions,
    clock: Clock,
  ) {
    this.#source = source;
    this.#clock = clock;
    this.#given = options;
    this.#cursors = new Map(symbols.map((symbol) => [symbol, undefined]));
    this.#unread = new Set(symbols);
  }

  next(): Promise<IteratorResult<MarketStreamItem, undefined>> {
    const item = this.#last.then(() => this.#next());
    this.#last = item.catch(() => undefined);
    return item;
  }

  async return(): Promise<IteratorResult<MarketStreamItem, undefined>> {
    this.#end();
    return { done: true, value: undefined };
  }

  async #next(): Promise<IteratorResult<MarketStreamItem, undefined>> {
    if (!this.#begun) this.#begin();
    for (;;) {
      const value = this.#held.pop();
      if (value) return { done: false, value };
      if (this.#isOver) return this.#ended();
      await (this.#unread.size > 0 ? this.#read() : this.#sleep());
    }
  }

  #begin(): void {
    this.#begun = true;
    if (this.#isOver) return;
    try {
      checkCall(this.#given, OPERATION, SUBSCRIBE_OPTIONS);
      this.#options = { ...this.#given };
      this.#check();
    } catch (reason) {
      return this.#end({ reason });
    }
    const { signal } = this.#options;
    const abort = () => this.#end({ reason: signal?.reason as unknown });
    if (signal) this.#ignoreSignal = onAbort(signal, abort);
    this.#unwatch = this.#source.watch([...this.#cursors.keys()], (symbol) => {
      this.#unread.add(symbol);
      this.#wake();
    });
  }

  #check(): void {
    const { after = {}, bufferSize = DEFAULT_BUFFER_SIZE } = this.#options;
    const symbols = [...this.#cursors.keys()];
    if (symbols.length === 0 || symbols.some((symbol) => typeof symbol !== 'string')) {
      throw new ValidationError('symbols', 'must name at least one', { operation: OPERATION });
    }
    requireWholeNumber('bufferSize', bufferSize, OPERATION, { min: 1 });
    if (!isPlainMap(after)) throw new ValidationError('after', 'must be an object', { operation: OPERATION });
    for (const symbol of symbols) {
      const position: unknown = Object.hasOwn(after, symbol) ? after[symbol] : undefined;
      if (position === undefined) continue;
      requireType('after', position, 'string', OPERATION);
      this.#cursors.set(symbol, this.#source.cursorAfter(position as string));
    }
  }

  async #read(): Promise<void> {
    const { bufferSize = DEFAULT_BUFFER_SIZE } = this.#options;
    const symbols = [...this.#unread].slice(0, Math.min(bufferSize, SYMBOLS_AT_ONCE));
    for (const symbol of symbols) this.#unread.delete(symbol);
    const count = Math.floor(bufferSize / symbols.length);
    const looks = await new Promise<PromiseSettledResult<TickLook<Cursor>>[]>((resolve) => {
      this.#leave = () => resolve([]);
      const looking = symbols.map((symbol) => this.#source.look(symbol, this.#cursors.get(symbol), count));
      void Promise.allSettled(looking).then(resolve);
    });
    if (this.#isOver) return;
    const items: MarketStreamItem[] = [];
    const failures: unknown[] = [];
    for (const [i, look] of looks.entries()) {
      const symbol = symbols[i]!;
      if (look.status === 'rejected') failures.push(look.reason);
      else {
        this.#cursors.set(symbol, look.value.cursor);
        for (const item of look.value.items) items.push(item);
      }
      if (look.status === 'rejected' || look.value.hasMore) this.#unread.add(symbol);
    }
    this.#held = items.reverse();
    const lasting = failures.find((failure) => !isDatabaseError(failure) || !failure.retryable);
    if (lasting !== undefined) this.#end({ reason: lasting }, items);
    else if (failures.length > 0 && items.length === 0) await this.#sleep(RETRY_AFTER_MS);
  }

  /** Waits for new ticks, at most for the given time. */
  async #sleep(ms?: number): Promise<void> {
    let cancel = () => {};
    await new Promise<void>((resolve) => {
      this.#wake = resolve;
      if (ms !== undefined) cancel = this.#clock.after(ms, resolve);
    });
    cancel();
  }

  #end(failure?: { readonly reason: unknown }, held: MarketStreamItem[] = []): void {
    this.#held = held;
    this.#failure = failure;
    if (this.#isOver) return;
    this.#ignoreSignal();
    this.#unwatch();
    this.#isOver = true;
    this.#wake();
    this.#leave();
  }

  #ended(): { done: true; value: undefined } {
    const failure = this.#failure;
    this.#failure = undefined;
    if (failure) throw failure.reason;
    return { done: true, value: undefined };
  }
}
