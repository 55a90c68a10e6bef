import type { TickLook, MarketStreamItem, TickSource } from '@quantumtrade/dal-domain';
import { CacheError, decodeTicks, keyOf, keyspaces } from '@quantumtrade/dal-domain';
import type { RunCommand } from '../commands/commands.js';
import { NO_BUDGET } from '../commands/commands.js';
import type { AppendNotices } from './append-notices.js';
import type { Cursor } from './cursor.js';
import { cursorAfter, isBeforeOldest, LONG_AGO, nothingAt, positionOf } from './cursor.js';
import { lookAtTicks } from './stream-scripts.js';

const { pattern } = keyspaces.marketStream;
const OPERATION = 'marketStream.subscribe';

/** The last entry of a stream, and those that were read. */
interface Stream {
  readonly lastId: string;
  readonly born: string;
  readonly entries: readonly { readonly id: string; readonly before: string; readonly text: string }[];
}

/**
 * Reads streams for subscriptions, and finds out whether ticks are missing between what a cursor stands for and what
 * follows it. They are not, if what follows names the cursor's entry as the one before it.
 *
 * A key whose stream expired and that has another now, or none, missed nothing if its end was seen within the life of a
 * tick, for what was appended since would still be there; and if the stream lived as long as it should have. What a stream
 * born later holds was never read, whatever its ids are: the server's clock may have gone back.
 */
export class RedisTickSource implements TickSource<Cursor> {
  readonly #run: RunCommand;
  readonly #notices: AppendNotices;
  readonly #lifeMs: number;

  constructor(run: RunCommand, notices: AppendNotices, lifeMs: number) {
    this.#run = run;
    this.#notices = notices;
    this.#lifeMs = lifeMs;
  }

  cursorAfter(position: string): Cursor {
    return cursorAfter(position);
  }

  watch(symbols: readonly string[], onNews: (symbol: string) => void): () => void {
    const byKey = new Map(symbols.map((symbol) => [keyOf(pattern, { symbol }), symbol]));
    return this.#notices.watch([...byKey.keys()], (key) => onNews(byKey.get(key)!));
  }

  async look(symbol: string, cursor: Cursor | undefined, count: number): Promise<TickLook<Cursor>> {
    const begin = performance.now();
    const from = cursor ?? nothingAt(begin);
    const args = [from.id, from.born, cursor ? count : 1];
    const answer = await this.#run(
      OPERATION,
      undefined,
      (redis) => redis.evaluate(lookAtTicks, keyOf(pattern, { symbol }), args),
      { ...NO_BUDGET, isAnswer: lookAtTicks.isAnswer },
    );
    const found = typeof answer === 'number' ? answer : streamOf(answer);
    if (!cursor) return { items: [], cursor: endOf(found, begin), hasMore: false };
    const next = nextCursor(found, begin);
    const items: MarketStreamItem[] = typeof found === 'number' ? [] : ticksOf(symbol, found);
    const gap = this.#gap(cursor, found);
    if (gap !== undefined) items.unshift({ kind: 'gap', symbol, position: gap });
    return { items, cursor: next, hasMore: typeof found !== 'number' && next.id !== found.lastId };
  }

  /** The position where ticks may be missing, between the cursor and a stream, or the time at which there was none. */
  #gap(cursor: Cursor, found: Stream | number): string | undefined {
    if (isBeforeOldest(cursor)) return undefined;
    if (typeof found === 'number') {
      return this.#mayHaveMissed(cursor, found) ? positionOf(nothingAt(0)) : undefined;
    }
    const { born, lastId, entries } = found;
    const before = entries[0]?.before ?? lastId;
    const follows =
      born === cursor.born
        ? before === cursor.id
        : before === '0-0' && !this.#mayHaveMissed(cursor, Number(born) / 1000);
    return follows ? undefined : positionOf({ id: before, born });
  }

  /** Whether the cursor's stream, which was no more at a time of the server's, may have had ticks after the cursor. */
  #mayHaveMissed({ id, lastAt }: Cursor, goneBy: number): boolean {
    return performance.now() - lastAt >= this.#lifeMs || goneBy < Number.parseInt(id) + this.#lifeMs;
  }
}

/** After the last entry that was read, or that there is. */
function nextCursor(found: Stream | number, begin: number): Cursor {
  if (typeof found === 'number') return nothingAt(begin);
  const { lastId, born, entries } = found;
  const id = entries.at(-1)?.id ?? lastId;
  return { id, born, lastAt: id === lastId ? begin : LONG_AGO };
}

function endOf(found: Stream | number, begin: number): Cursor {
  return nextCursor(typeof found === 'number' ? found : { ...found, entries: [] }, begin);
}

function ticksOf(symbol: string, { born, entries }: Stream): MarketStreamItem[] {
  const texts = entries.map(({ text }) => text);
  return decodeTicks(texts, OPERATION).map((tick, i) => ({
    kind: 'tick',
    symbol,
    position: positionOf({ id: entries[i]!.id, born }),
    tick,
  }));
}

/** The stream that a script answered with; throws `CacheError` when another writer's entries are in it. */
function streamOf(answer: unknown): Stream {
  const [lastId, born, entries] = answer as [string, string, [id: string, fields: string[]][]];
  return {
    lastId,
    born,
    entries: entries.map(([id, [, text, , before, , bornField]]) => {
      if (text !== undefined && before !== undefined && bornField === born) return { id, before, text };
      throw new CacheError('the stream has entries of another kind', {
        operation: OPERATION,
        retryable: false,
      });
    }),
  };
}
