import { OLDEST_TICK, ValidationError } from '@quantumtrade/dal-domain';

/** Last entry that was read of a stream, and the time when it was the stream's last. */
export interface TickCursor {
  /** Id of the entry. Its first part is the server's time in ms. */
  readonly id: string;
  /** Creation time of its stream, which identifies the stream among those that replace each other under one key. */
  readonly createdAt: string;
  /** Latest time at which it was the last entry (ms of this process's monotonic clock); `LONG_AGO` when unknown. */
  readonly lastAt: number;
}

export const LONG_AGO = -Infinity;

/** Returns the cursor at the end of a key without a stream. */
export const cursorWithoutStream = (lastAt: number): TickCursor => ({ id: '0-0', createdAt: '0', lastAt });

export const isBeforeOldest = ({ createdAt }: TickCursor): boolean => createdAt === OLDEST_TICK;

export function cursorAfter(position: string): TickCursor {
  if (position === OLDEST_TICK) return { id: '0-0', createdAt: OLDEST_TICK, lastAt: LONG_AGO };
  const [, id, createdAt] = /^(\d{1,15}-\d{1,15})@(\d{1,16})$/.exec(position) ?? [];
  if (id !== undefined && createdAt !== undefined) return { id, createdAt, lastAt: LONG_AGO };
  throw new ValidationError('after', 'must be a position of a market stream', {
    operation: 'marketStream.subscribe',
  });
}

export function positionOf({ id, createdAt }: Pick<TickCursor, 'id' | 'createdAt'>): string {
  return `${id}@${createdAt}`;
}
