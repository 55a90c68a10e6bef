import type { Cache, SetIfUnchangedOptions } from '@quantumtrade/dal-domain';
import { CacheError, ConnectionError } from '@quantumtrade/dal-domain';

type Fault = 'works' | 'throws' | 'refuses' | 'breaks' | 'hangs';

/** A second level whose faults a test sets. It ignores the limits of calls. */
export class FaultyCache {
  /** Names of the methods called, in order. */
  readonly calls: string[] = [];
  readonly cache: Cache;
  #fault: Fault = 'works';
  #only: string | undefined;
  readonly #held: (() => void)[] = [];
  #holding: 'call' | 'answer' | undefined;

  /** With `notifiesOfAll` it notifies of a store whatever its options say. */
  constructor(inner: Cache, notifiesOfAll = false) {
    this.cache = new Proxy(inner, {
      get:
        (target, name: keyof Cache & string) =>
        async (...args: unknown[]) => {
          this.calls.push(name);
          if (this.#only === undefined || this.#only === name) {
            if (this.#fault === 'throws') throw new ConnectionError('gone', { operation: name });
            if (this.#fault === 'refuses') throw new CacheError('read-only', { operation: name });
            if (this.#fault === 'breaks') throw new RangeError('secret');
            if (this.#fault === 'hangs') await new Promise(() => undefined);
          }
          await this.#wait(name, 'call');
          const method = target[name] as (...args: unknown[]) => Promise<unknown>;
          const answer = await method.apply(
            target,
            args.map((arg) => withoutLimits(arg, notifiesOfAll)),
          );
          await this.#wait(name, 'answer');
          return answer;
        },
    });
  }

  /** Sets the outcome of later calls of one method, or of all. */
  setFault(fault: Fault, only?: keyof Cache): void {
    this.#fault = fault;
    this.#only = only;
  }

  /** Holds calls of a method, or their answers, until the returned function is called. */
  hold(method: keyof Cache, what: 'call' | 'answer' = 'call'): () => void {
    this.#holding = what;
    this.#only = method;
    return () => {
      this.#holding = undefined;
      for (const release of this.#held.splice(0)) release();
    };
  }

  async #wait(method: string, what: 'call' | 'answer'): Promise<void> {
    if (this.#holding !== what || this.#only !== method) return;
    await new Promise<void>((resolve) => this.#held.push(resolve));
  }

  count(method: keyof Cache): number {
    return this.calls.filter((name) => name === method).length;
  }
}

function withoutLimits(arg: unknown, notifiesOfAll: boolean): unknown {
  if (typeof arg !== 'object' || arg === null || !('deadline' in arg)) return arg;
  const { notify } = arg as SetIfUnchangedOptions;
  return notify === undefined || notifiesOfAll ? undefined : { notify };
}
