import type { Cache, CallOptions, InvalidationListener } from '@quantumtrade/dal-domain';
import { ConnectionError, keyspaces } from '@quantumtrade/dal-domain';
import { ManualTimers } from '@quantumtrade/dal-journal/testing/manual-timers';
import { memoryCacheBackend } from '@quantumtrade/dal-memory';
import fc from 'fast-check';
import { CoherentCache } from './coherent-cache.js';
import type { CoherentKeyspace } from './coherent-keyspace.js';
import type { KeyspaceOptions } from './options.js';

const { pattern, codec } = keyspaces.featureValue;
const NAMES = ['a', 'b'] as const;
const parts = (key: number) => ({ symbol: 'S', featureName: NAMES[key]! });
const KEYS = NAMES.map((name) => `features:S:${name}`);
/** Short, so that values end while others are being read. */
const TTL_SECONDS = 2;
const STALENESS_MS = 400;

type Actor = 0 | 1 | 'foreign';
type Step =
  | { readonly do: 'get' | 'getMany' | 'getOrLoad' | 'peek'; readonly in: 0 | 1; readonly key: number }
  | { readonly do: 'set' | 'delete'; readonly by: Actor; readonly key: number }
  | { readonly do: 'cut' | 'flush'; readonly in: 0 | 1 }
  | { readonly do: 'wait'; readonly ms: number };

/** What becomes of a call to the second level. */
type Fate = 'answered' | 'lost' | 'unanswered' | 'hung';

/** When something was the latest value, and when it ceased to be. */
interface Written {
  readonly value: number;
  readonly appliedAt: number;
}

/**
 * Two processes with a cache, and clients that know nothing of it, over one store and one database. The scheduler decides
 * when each step of each of them happens. Values grow with every write to the database.
 */
class World {
  readonly #timers = new ManualTimers();
  readonly #schedule: (label: string) => Promise<void>;
  readonly #fates: () => Fate;
  readonly #store = memoryCacheBackend({ clock: this.#timers }).cache;
  readonly #processes: readonly ProcessModel[];
  readonly #stalenessMs: number;
  readonly #database = KEYS.map(() => 0);
  /** Writes whose effect the second level has seen, oldest first. */
  readonly #applied: Written[][] = KEYS.map(() => [{ value: 0, appliedAt: 0 }]);
  /** The last write of each key, which the next one waits for, and whether the second level took it. */
  readonly #writing: Promise<void>[] = KEYS.map(() => Promise.resolve());
  readonly #isTaken = KEYS.map(() => true);

  constructor(schedule: (label: string) => Promise<void>, fates: () => Fate, options: KeyspaceOptions) {
    this.#schedule = schedule;
    this.#fates = fates;
    this.#stalenessMs = options.stalenessMs ?? 0;
    this.#processes = [0, 1].map(
      (id) => new ProcessModel(`${id}`, this.#slow(`${id}`), this.#timers, schedule, options),
    );
  }

  async run(step: Step): Promise<void> {
    if (step.do === 'wait') this.#timers.advance(step.ms);
    else if (step.do === 'cut') await this.#processes[step.in]!.loseConnection(() => this.#applied);
    else if (step.do === 'flush') await this.#processes[step.in]!.hearOfAll();
    else if (step.do === 'set' || step.do === 'delete') await this.#write(step.do, step.by, step.key);
    else await this.#read(step.do, step.in, step.key);
  }

  /** Time goes on until nothing is left to happen. */
  pass(): void {
    this.#timers.advance(50);
  }

  /** When all is told and nobody writes, everybody reads the latest value. */
  async rest(): Promise<void> {
    this.#timers.advance(20_000);
    for (const [key] of KEYS.entries()) {
      for (const process of this.#processes) {
        const value = await process.features.getOrLoad(parts(key), async () => this.#database[key]!);
        expect(value).toBe(this.#database[key]);
      }
    }
  }

  /** What everybody reads once all is told, without waiting for values to end. */
  async settle(): Promise<void> {
    for (const [key] of KEYS.entries()) {
      for (const process of this.#processes) {
        const value = await process.features.get(parts(key));
        if (value !== null && this.#isTaken[key]!) expect(value).toBe(this.#database[key]);
      }
    }
  }

  async #read(how: 'get' | 'getMany' | 'getOrLoad' | 'peek', id: 0 | 1, key: number): Promise<void> {
    const { features } = this.#processes[id]!;
    const oldest = this.#oldestAllowed(id, key);
    const value =
      how === 'getOrLoad'
        ? await features.getOrLoad(parts(key), () => this.#load(key)).catch(tolerated)
        : how === 'getMany'
          ? (await features.getMany(KEYS.map((_, i) => parts(i))).catch(() => []))[key]
          : how === 'get'
            ? await features.get(parts(key)).catch(tolerated)
            : features.peek(parts(key));
    if (value != null && value < oldest) {
      throw new Error(`${how} of ${NAMES[key]} in ${id} gave ${value}, at least ${oldest} was known`);
    }
  }

  /**
   * What this process has heard of or written; while it knows that it may not hear of everything, what the second level held
   * when the read began, or as long ago as the keyspace allows.
   */
  #oldestAllowed(id: 0 | 1, key: number): number {
    const process = this.#processes[id]!;
    if (process.isConnected) return process.known[key]!;
    const until = this.#timers.now() - this.#stalenessMs;
    const written = this.#applied[key]!.filter(({ appliedAt }) => appliedAt <= until);
    return Math.max(process.written[key]!, written.at(-1)!.value);
  }

  async #load(key: number): Promise<number> {
    await this.#schedule('a query arrives');
    const value = this.#database[key]!;
    await this.#schedule('a query answers');
    return value;
  }

  /** One writer of a key at a time: of two at once, nobody could say whose value is the latest. */
  async #write(how: 'set' | 'delete', by: Actor, key: number): Promise<void> {
    const before = this.#writing[key]!;
    this.#writing[key] = before.then(() => this.#writeAlone(how, by, key));
    await this.#writing[key];
  }

  async #writeAlone(how: 'set' | 'delete', by: Actor, key: number): Promise<void> {
    await this.#schedule('a write begins');
    const value = ++this.#database[key]!;
    await this.#schedule('a write is in the database');
    if (by === 'foreign') {
      this.#apply(key, value);
      await (how === 'set' ? this.#store.set(KEYS[key]!, value, TTL_SECONDS) : this.#store.delete(KEYS[key]!));
      this.#isTaken[key] = true;
      return;
    }
    const { features, written, known } = this.#processes[by]!;
    try {
      await (how === 'set' ? features.set(parts(key), value) : features.delete(parts(key)));
      this.#isTaken[key] = true;
      written[key] = value;
      known[key] = Math.max(known[key]!, value);
    } catch {
      this.#isTaken[key] = false;
    }
  }

  #apply(key: number, value: number): void {
    this.#applied[key]!.push({ value, appliedAt: this.#timers.now() });
  }

  /** The second level over a slow, faulty line. */
  #slow(id: string): Cache {
    const store = this.#store;
    return new Proxy(store, {
      get: (_, name: keyof Cache & string) =>
        async (...args: unknown[]) => {
          const fate = this.#fates();
          await this.#schedule(`${id}: ${name} arrives`);
          if (fate === 'lost') throw new ConnectionError('lost', { operation: name });
          if (name === 'set') this.#apply(KEYS.indexOf(args[0] as string), args[1] as number);
          if (name === 'delete') this.#apply(KEYS.indexOf(args[0] as string), this.#database[KEYS.indexOf(args[0] as string)]!);
          const method = store[name] as (...args: unknown[]) => Promise<unknown>;
          const answer = await method.apply(store, args.filter((arg) => !isCallOptions(arg)));
          await this.#schedule(`${id}: ${name} answers`);
          if (fate === 'unanswered') throw new ConnectionError('cut', { operation: name });
          if (fate === 'hung') await new Promise(() => undefined);
          return answer;
        },
    });
  }
}
