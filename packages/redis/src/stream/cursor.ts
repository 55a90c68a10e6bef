import { OLDEST_TICK, ValidationError } from '@quantumtrade/dal-domain';

/** Last entry that was read of a stream, and the time when it was the stream's last. */
export interface TickCursor {
  /** Id of the entry. Its first part is the server's time in ms. */
  readonly id: string;
  /** Creation time of its stream, which identifies the stream among those that replace each other under one key. */
  readonly born: string;
  /** Latest time at which it was the last entry (ms of this process's monotonic clock); `LONG_AGO` when unknown. */
  readonly lastAt: number;
}

export const LONG_AGO = -Infinity;

/** Returns the cursor at the end of a key without a stream. */
export const cursorWithoutStream = (lastAt: number): TickCursor => ({ id: '0-0', born: '0', lastAt });

export const isBeforeOldest = ({ born }: TickCursor): boolean => born === OLDEST_TICK;

export function cursorAfter(position: string): TickCursor {
  if (position === OLDEST_TICK) return { id: '0-0', born: OLDEST_TICK, lastAt: LONG_AGO };
  const [, id, born] = /^(\d{1,15}-\d{1,15})@(\d{1,16})$/.exec(position) ?? [];
  if (id !== undefined && born !== undefined) return { id, born, lastAt: LONG_AGO };
  throw new ValidationError('after', 'must be a position of a market stream', {
    operation: 'marketStream.subscribe',
  });
}

export function positionOf({ id, born }: Pick<TickCursor, 'id' | 'born'>): string {
  return `${id}@${born}`;
}
