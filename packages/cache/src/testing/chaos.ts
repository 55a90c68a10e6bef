import type { Cache, SetIfUnchangedOptions } from '@quantumtrade/dal-domain';
import { CacheError, ConnectionError } from '@quantumtrade/dal-domain';

type Mood = 'works' | 'throws' | 'refuses' | 'breaks' | 'hangs';

/** A cache between the one tested and the real one, which fails as it is told, and knows nothing of the limits of calls. */
export class Chaos {
  /** The methods called, in order. */
  readonly calls: string[] = [];
  readonly cache: Cache;
  #mood: Mood = 'works';
  #only: string | undefined;
  readonly #held: (() => void)[] = [];
  #holding: 'call' | 'answer' | undefined;

  constructor(inner: Cache) {
    this.cache = new Proxy(inner, {
      get:
        (target, name: keyof Cache & string) =>
        async (...args: unknown[]) => {
          this.calls.push(name);
          if (this.#only === undefined || this.#only === name) {
            if (this.#mood === 'throws') throw new ConnectionError('gone', { operation: name });
            if (this.#mood === 'refuses') throw new CacheError('read-only', { operation: name });
            if (this.#mood === 'breaks') throw new RangeError('secret');
            if (this.#mood === 'hangs') await new Promise(() => undefined);
          }
          await this.#wait(name, 'call');
          const method = target[name] as (...args: unknown[]) => Promise<unknown>;
          const answer = await method.apply(target, args.map(withoutLimits));
          await this.#wait(name, 'answer');
          return answer;
        },
    });
  }

  /** How calls go from now on, those of one method or all. */
  be(mood: Mood, only?: keyof Cache): void {
    this.#mood = mood;
    this.#only = only;
  }

  /** Lets calls of a method wait, or their answers, from now until the function returned is called. */
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

function withoutLimits(arg: unknown): unknown {
  if (typeof arg !== 'object' || arg === null || !('deadline' in arg)) return arg;
  const { notify } = arg as SetIfUnchangedOptions;
  return notify === undefined ? undefined : { notify };
}
