import type { TimeSource } from '@quantumtrade/dal-domain';
import { writesToSee } from '@quantumtrade/dal-domain';

/** Time after a write for which its token is kept: servers are further behind only where replication is disturbed. */
const REMEMBERED_MS = 60_000;
/** Keys whose writes are remembered; beyond it those written first are forgotten. */
const MAX_KEYS = 10_000;

interface RecentWrite {
  readonly token: string;
  /** Servers that acknowledged it. They have all that they acknowledged before. */
  readonly servers: string;
  readonly until: number;
}

/** Tokens of this process's latest writes, by the cache keys that they affect. */
export class RecentWrites {
  readonly #time: TimeSource;
  /** By ascending time of the latest write. Each has the latest write of every server. */
  readonly #byKey = new Map<string, readonly RecentWrite[]>();

  constructor(time: TimeSource) {
    this.#time = time;
  }

  get isEmpty(): boolean {
    return this.#byKey.size === 0;
  }

  add(keys: readonly string[], token: string): void {
    const now = this.#time.now();
    const names = writesToSee(token, 'cache.write').map(({ endpoint }) => endpoint);
    const write = { token, servers: names.sort().join(' '), until: now + REMEMBERED_MS };
    for (const key of keys) {
      const before = this.#byKey.get(key) ?? [];
      const others = before.filter(({ servers, until }) => servers !== write.servers && until > now);
      this.#byKey.delete(key);
      this.#byKey.set(key, [...others, write]);
    }
    for (const [key, writes] of this.#byKey) {
      if (this.#byKey.size <= MAX_KEYS && writes.at(-1)!.until > now) break;
      this.#byKey.delete(key);
    }
  }

  /** Returns the tokens that a load of a key has to see; undefined when there are none. */
  tokensOf(key: string): readonly string[] | undefined {
    const writes = this.#byKey.get(key);
    if (writes === undefined) return undefined;
    const now = this.#time.now();
    const tokens = writes.filter(({ until }) => until > now).map(({ token }) => token);
    return tokens.length > 0 ? tokens : undefined;
  }
}
