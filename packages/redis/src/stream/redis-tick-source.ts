import type { TickLook, MarketStreamItem, TickSource } from '@quantumtrade/dal-domain';
import { CacheError, decodeTicks, keyOf, keyspaces } from '@quantumtrade/dal-domain';
import type { RunCommand } from '../commands/redis-commands.js';
import { UNLIMITED_BUDGET } from '../commands/replies.js';
import type { AppendNotices } from './append-notices.js';
import type { TickCursor } from './cursor.js';
import { cursorAfter, isBeforeOldest, cursorWithoutStream, LONG_AGO, positionOf } from './cursor.js';
import { readTicks } from './stream-scripts.js';

const { pattern } = keyspaces.marketStream;
const OPERATION = 'marketStream.subscribe';

/** Last entry of a stream, and the entries that were read. */
interface Stream {
  readonly lastId: string;
  readonly createdAt: string;
  readonly entries: readonly { readonly id: string; readonly previousId: string; readonly text: string }[];
}

/**
 * Reads streams for subscriptions, and detects whether ticks are missing after a cursor. None is missing if the next entry names
 * the cursor's entry as the previous one.
 *
 * Where the cursor's stream has expired, or another has replaced it, no tick is missing if two conditions hold: its end was read
 * within the time to live of a tick, so that a later tick would still exist, and the stream lived as long as it should have. Entries of a
 * stream created later are always unread, whatever their ids are, because the server's clock may have gone back.
 */
export class RedisTickSource implements TickSource<TickCursor> {
  readonly #run: RunCommand;
  readonly #notices: AppendNotices;
  readonly #ttlMs: number;
  readonly cursorAfter = cursorAfter;

  constructor(run: RunCommand, notices: AppendNotices, ttlMs: number) {
    this.#run = run;
    this.#notices = notices;
    this.#ttlMs = ttlMs;
  }

  watch(symbols: readonly string[], onAppend: (symbol: string) => void): () => void {
    const byKey = new Map(symbols.map((symbol) => [keyOf(pattern, { symbol }), symbol]));
    return this.#notices.watch([...byKey.keys()], (key) => onAppend(byKey.get(key)!));
  }

  async look(symbol: string, cursor: TickCursor | undefined, count: number): Promise<TickLook<TickCursor>> {
    const readAt = performance.now();
    const from = cursor ?? cursorWithoutStream(readAt);
    const args = [from.id, from.createdAt, cursor ? count : 1];
    const reply = await this.#run(
      OPERATION,
      undefined,
      (redis) => redis.evaluate(readTicks, keyOf(pattern, { symbol }), args),
      { ...UNLIMITED_BUDGET, isReply: readTicks.isReply },
    );
    const found = typeof reply === 'number' ? reply : parseStream(reply);
    if (!cursor) return { items: [], cursor: endOf(found, readAt), hasMore: false };
    const next = nextCursor(found, readAt);
    const items: MarketStreamItem[] = typeof found === 'number' ? [] : ticksOf(symbol, found);
    const gap = this.#findGap(cursor, found);
    if (gap !== undefined) items.unshift({ kind: 'gap', symbol, position: gap });
    return { items, cursor: next, hasMore: typeof found !== 'number' && next.id !== found.lastId };
  }

  /**
   * Returns the position where ticks may be missing, undefined when none is. `found` is the stream, or the server's time when
   * there was none.
   */
  #findGap(cursor: TickCursor, found: Stream | number): string | undefined {
    if (isBeforeOldest(cursor)) return undefined;
    if (typeof found === 'number') {
      return this.#mayHaveMissed(cursor, found) ? positionOf(cursorWithoutStream(0)) : undefined;
    }
    const { createdAt, lastId, entries } = found;
    const previousId = entries[0]?.previousId ?? lastId;
    const follows =
      createdAt === cursor.createdAt
        ? previousId === cursor.id
        : previousId === '0-0' && !this.#mayHaveMissed(cursor, Number(createdAt) / 1000);
    return follows ? undefined : positionOf({ id: previousId, createdAt });
  }

  /** Whether the cursor's stream, which no longer existed at a time of the server, may have had ticks after the cursor. */
  #mayHaveMissed({ id, lastAt }: TickCursor, goneAt: number): boolean {
    return performance.now() - lastAt >= this.#ttlMs || goneAt < Number.parseInt(id) + this.#ttlMs;
  }
}

/** Returns the cursor after the last entry that was read, or at the end when none was. */
function nextCursor(found: Stream | number, readAt: number): TickCursor {
  if (typeof found === 'number') return cursorWithoutStream(readAt);
  const { lastId, createdAt, entries } = found;
  const id = entries.at(-1)?.id ?? lastId;
  return { id, createdAt, lastAt: id === lastId ? readAt : LONG_AGO };
}

function endOf(found: Stream | number, readAt: number): TickCursor {
  return nextCursor(typeof found === 'number' ? found : { ...found, entries: [] }, readAt);
}

function ticksOf(symbol: string, { createdAt, entries }: Stream): MarketStreamItem[] {
  const texts = entries.map(({ text }) => text);
  return decodeTicks(texts, OPERATION).map((tick, i) => ({
    kind: 'tick',
    symbol,
    position: positionOf({ id: entries[i]!.id, createdAt }),
    tick,
  }));
}

/** Parses the reply of `readTicks`. Throws `CacheError` when the stream has entries of another format. */
function parseStream(reply: unknown): Stream {
  const [lastId, createdAt, entries] = reply as [string, string, [id: string, fields: string[]][]];
  return {
    lastId,
    createdAt,
    entries: entries.map(([id, [, text, , previousId, , createdAtField]]) => {
      if (text !== undefined && previousId !== undefined && createdAtField === createdAt)
        return { id, previousId, text };
      throw new CacheError('the stream has entries of another format', {
        operation: OPERATION,
        retryable: false,
      });
    }),
  };
}
