import { ValidationError } from '@quantumtrade/dal-domain';
import { z } from 'zod';

/** Position of the last item of each symbol. */
export type TickPositions = Readonly<Record<string, string>>;

const positions = z.record(z.string(), z.string());

/** Returns the id of an event: the positions of all symbols, so that it alone says where to continue. */
export const eventId = (at: TickPositions): string => Buffer.from(JSON.stringify(at)).toString('base64url');

/** Returns the positions in an id that a client sends back; throws `ValidationError` when it was not made by `eventId`. */
export function positionsIn(id: string): TickPositions {
  try {
    return positions.parse(JSON.parse(Buffer.from(id, 'base64url').toString()));
  } catch {
    throw new ValidationError('Last-Event-ID', 'must be the id of an event', {
      operation: 'marketStream.subscribe',
    });
  }
}
