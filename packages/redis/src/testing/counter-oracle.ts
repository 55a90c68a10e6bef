import type { Cache } from '@quantumtrade/dal-domain';
import { sleep } from '@quantumtrade/dal-runtime';
import { until } from '@quantumtrade/dal-testing';
import type { Redis } from 'ioredis';

interface Written {
  readonly key: string;
  readonly n: number;
}
const written = { parse: (value: unknown) => value as Written };

/**
 * Writes one larger number after another under one key, alone, and reads each back. Notes what is not as it should be,
 * and how long nothing was.
 */
export class Witness {
  readonly key: string;
  /** What calls failed with. */
  readonly failures: unknown[] = [];
  /** Values that nobody wrote under this key. */
  readonly wrong: unknown[] = [];
  /** Numbers that were read after a larger one had been acknowledged; 0 for no value at all. */
  readonly older: number[] = [];
  /** The largest number acknowledged. */
  acknowledged = 0;
  #attempted = 0;
  #lastSuccess = Date.now();
  #longestOutageMs = 0;
  readonly #cache: Cache;
  readonly #running: Promise<void>;
  #stopped = false;

  constructor(cache: Cache, key: string) {
    this.#cache = cache;
    this.key = key;
    this.#running = this.#run();
  }

  /** The longest time between two successful calls. */
  get outageMs(): number {
    return this.#longestOutageMs;
  }

  /** Resolves after so many more writes were acknowledged. */
  progress(count: number): Promise<void> {
    const goal = this.acknowledged + count;
    return until(async () => this.acknowledged >= goal);
  }

  /** The number that a replica has. */
  async lastReplicated(replica: Redis): Promise<number> {
    await replica.readonly().catch(() => undefined);
    const text = await replica.get(this.key);
    return text === null ? 0 : (JSON.parse(text) as Written).n;
  }

  stop(): Promise<void> {
    this.#stopped = true;
    return this.#running;
  }

  async #run(): Promise<void> {
    while (!this.#stopped) {
      const n = ++this.#attempted;
      await this.#try(async () => {
        await this.#cache.set(this.key, { key: this.key, n }, 3_600);
        this.acknowledged = n;
      });
      await this.#try(async () => this.#check(await this.#cache.get(this.key, written)));
    }
  }

  #check(value: Written | null): void {
    if (value && (value.key !== this.key || value.n > this.#attempted)) this.wrong.push(value);
    else if ((value?.n ?? 0) < this.acknowledged) this.older.push(value?.n ?? 0);
  }

  async #try(call: () => Promise<void>): Promise<void> {
    try {
      await call();
      const now = Date.now();
      this.#longestOutageMs = Math.max(this.#longestOutageMs, now - this.#lastSuccess);
      this.#lastSuccess = now;
    } catch (error) {
      this.failures.push(error);
      await sleep(5);
    }
  }
}

/** What a failover cost, for whoever reads the output of a test. */
export function report(what: string, failoverMs: number, { outageMs, failures }: Witness): void {
  const cost = `no answer for ${outageMs} ms, ${failures.length} calls failed`;
  process.stderr.write(`${what}: a new master after ${failoverMs} ms; ${cost}\n`);
}
