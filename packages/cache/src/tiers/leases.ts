import { randomUUID } from 'node:crypto';
import { JsonText } from '@quantumtrade/dal-domain';
import type { KeyVersion } from './first-level.js';

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
  /** Version of the key when the lease was asked for. */
  readonly version: KeyVersion;

  constructor(token: string, version: KeyVersion) {
    this.token = token;
    this.version = version;
    this.json = new JsonText(JSON.stringify({ [CACHE_MARKER]: 'loading', token }));
  }
}

/** Creates the leases of one process. */
export class Leases {
  readonly #prefix = `${randomUUID()}:`;
  #count = 0;

  /** @param version version of the key that is to have the lease */
  next(version: KeyVersion): NewLease {
    return new NewLease(this.#prefix + ++this.#count, version);
  }

  isOwn({ token }: Lease): boolean {
    return token.startsWith(this.#prefix);
  }
}
