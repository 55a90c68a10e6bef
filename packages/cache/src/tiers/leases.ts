import { randomUUID } from 'node:crypto';
import type { Decoder } from '@quantumtrade/dal-domain';

/** Stands for a value that is known not to exist. */
export const ABSENT = Symbol('absent');
/** Stands for a stored value that does not match its schema. */
export const UNREADABLE = Symbol('unreadable');

/**
 * Held by a key while its value is loaded. Every write and deletion of the key by any client removes the lease, and a load
 * stores its value only in the place of its own lease.
 */
export class Lease {
  readonly token: string;

  constructor(token: string) {
    this.token = token;
  }
}

/** The lease of a load that begins now. */
export class NewLease extends Lease {}

/** Creates the lease tokens of one process. */
export class LeaseTokens {
  readonly #prefix = `${randomUUID()}:`;
  #count = 0;

  next(): string {
    return this.#prefix + ++this.#count;
  }

  isOwn(token: string): boolean {
    return token.startsWith(this.#prefix);
  }
}

/** Decoded content of a key on the second level. */
export type LeasedValue<T> = T | Lease | typeof ABSENT | typeof UNREADABLE;

const NAME = 'quantumtrade:cache';

/** JSON form of {@link ABSENT}. */
export const ABSENT_JSON = { [NAME]: 'absent' };

/** Returns the JSON form of a lease. Readers without this package find it unreadable, which counts as no value. */
export const leaseJson = (token: string) => ({ [NAME]: 'loading', token });

/** Returns a decoder of values and leases. It never throws, so that one unreadable value does not fail a read of many. */
export function withLeases<T>(decoder: Decoder<T>): Decoder<LeasedValue<T>> {
  return {
    parse(stored) {
      if (typeof stored === 'object' && stored !== null && NAME in stored) {
        if (stored[NAME] === 'absent') return ABSENT;
        if ('token' in stored && typeof stored.token === 'string') return new Lease(stored.token);
      }
      try {
        return decoder.parse(stored);
      } catch {
        return UNREADABLE;
      }
    },
  };
}
