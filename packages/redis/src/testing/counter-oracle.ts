import type { Cache } from '@quantumtrade/dal-domain';
import { sleep } from '@quantumtrade/dal-runtime';
import { until } from '@quantumtrade/dal-testing';
import type { Redis } from 'ioredis';

interface CounterValue {
  readonly key: string;
  readonly n: number;
}
const counterValue = { parse: (value: unknown) => value as CounterValue };

/**
 * Writes rising numbers under one key, as the only writer, and reads each back. Records failures, wrong and stale values, and the
 * longest outage.
 */
export class CounterOracle {
  readonly key: string;
  /** Errors of failed calls. */
  readonly failures: unknown[] = [];
  /** Values that were never written under this key. */
  readonly wrong: unknown[] = [];
  /** Numbers that were read after a larger one was acknowledged; 0 for no value. */
  readonly older: number[] = [];
  /** Largest acknowledged number. */
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

  /** Longest time between two successful calls. */
  get outageMs(): number {
    return this.#longestOutageMs;
  }

  /** Resolves after `count` more writes are acknowledged. */
  progress(count: number): Promise<void> {
    const goal = this.acknowledged + count;
    return until(async () => this.acknowledged >= goal);
  }

  /** Returns the number that a replica holds. */
  async lastReplicated(replica: Redis): Promise<number> {
    await replica.readonly().catch(() => undefined);
    const text = await replica.get(this.key);
    return text === null ? 0 : (JSON.parse(text) as CounterValue).n;
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
      await this.#try(async () => this.#check(await this.#cache.get(this.key, counterValue)));
    }
  }

  #check(value: CounterValue | null): void {
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

/** Prints the cost of a failover to the output of the test. */
export function reportFailover(
  topology: string,
  failoverMs: number,
  { outageMs, failures }: CounterOracle,
): void {
  const cost = `no answer for ${outageMs} ms, ${failures.length} calls failed`;
  process.stderr.write(`${topology}: a new master after ${failoverMs} ms; ${cost}\n`);
}
