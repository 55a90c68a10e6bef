import { OLDEST_TICK, ValidationError } from '@quantumtrade/dal-domain';

/** The entry of a stream that was read last, and what is known of the time when it was. */
export interface Cursor {
  /** The entry's id, of which the first part is the server's time in ms. */
  readonly id: string;
  /** Which of the streams that follow each other under one key it is in. */
  readonly born: string;
  /** When it was surely the last entry (ms of this process's steady clock); long ago when that is not known. */
  readonly lastAt: number;
}

export const LONG_AGO = -Infinity;

/** Read to the end of a key without a stream. */
export const nothingAt = (lastAt: number): Cursor => ({ id: '0-0', born: '0', lastAt });

export const isBeforeOldest = ({ born }: Cursor): boolean => born === OLDEST_TICK;

export function cursorAfter(position: string): Cursor {
  if (position === OLDEST_TICK) return { id: '0-0', born: OLDEST_TICK, lastAt: LONG_AGO };
  const [, id, born] = /^(\d{1,15}-\d{1,15})@(\d{1,16})$/.exec(position) ?? [];
  if (id !== undefined && born !== undefined) return { id, born, lastAt: LONG_AGO };
  throw new ValidationError('after', 'must be a position of a market stream', {
    operation: 'marketStream.subscribe',
  });
}

export function positionOf({ id, born }: Pick<Cursor, 'id' | 'born'>): string {
  return `${id}@${born}`;
}
