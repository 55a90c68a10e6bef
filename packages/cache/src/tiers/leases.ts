import { randomUUID } from 'node:crypto';
import { JsonText } from '@quantumtrade/dal-domain';

/** Member that sets the cache's own values apart from those of keyspaces. */
export const CACHE_MARKER = 'quantumtrade:cache';

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
export class NewLease {
  readonly token: string;
  /** Content of the key. Readers without this package find it unreadable, which counts as no value. */
  readonly json: JsonText;

  constructor(token: string) {
    this.token = token;
    this.json = new JsonText(JSON.stringify({ [CACHE_MARKER]: 'loading', token }));
  }
}

/** Creates the leases of one process. */
export class Leases {
  readonly #prefix = `${randomUUID()}:`;
  #count = 0;

  next(): NewLease {
    return new NewLease(this.#prefix + ++this.#count);
  }

  isOwn({ token }: Lease): boolean {
    return token.startsWith(this.#prefix);
  }
}
