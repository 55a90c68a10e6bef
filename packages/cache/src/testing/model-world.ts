import type { Cache, SetIfUnchangedOptions } from '@quantumtrade/dal-domain';
import { ConnectionError, keyspaces, TimeoutError } from '@quantumtrade/dal-domain';
import { ManualClock } from '@quantumtrade/dal-runtime';
import { memoryCacheBackend } from '@quantumtrade/dal-memory';
import type { KeyspaceOptions } from '../options.js';
import type { Schedule } from './model-process.js';
import { KEYS, ModelProcess, partsOf } from './model-process.js';

type Reading = 'get' | 'getMany' | 'getOrLoad' | 'peek';
type Writing = 'set' | 'delete' | 'deleteWhere';
type Writer = 0 | 1 | 'foreign';

export type Step =
  | { readonly do: 'read'; readonly how: Reading; readonly by: 0 | 1; readonly key: number }
  | { readonly do: 'write'; readonly how: Writing; readonly by: Writer; readonly key: number }
  | { readonly do: 'reconnect'; readonly by: 0 | 1 }
  | { readonly do: 'wait'; readonly ms: number };

/** What becomes of a call to the second level: also lost on its way there, on its way back, or never answered. */
export type Fate = 'answered' | 'lost' | 'unanswered' | 'hung';

/**
 * Two processes with a cache, and a client that knows nothing of it, over one store and one database. The scheduler decides
 * when each step of each of them happens. Every write gives its key a greater value.
 */
export class ModelWorld {
  readonly #timers = new ManualClock();
  readonly #backend = memoryCacheBackend({ clock: this.#timers });
  readonly #schedule: Schedule;
  #isAtRest = false;
  readonly #nextFate: () => Fate;
  readonly #stalenessMs: number;
  readonly #processes: readonly ModelProcess[];
  readonly #database = KEYS.map(() => 0);
  /** By key: what the second level could at least give since when, oldest first. */
  readonly #held = KEYS.map(() => [{ value: 0, since: 0 }]);
  /** By key: the write that the next one waits for. Of two at once nobody could say whose value is the later. */
  readonly #writing = KEYS.map(() => Promise.resolve());
  /** By key: whether the second level surely took the last write. */
  readonly #isTaken = KEYS.map(() => true);

  constructor(schedule: Schedule, nextFate: () => Fate, options: KeyspaceOptions) {
    this.#schedule = (label) => (this.#isAtRest ? Promise.resolve() : schedule(label));
    this.#nextFate = nextFate;
    this.#stalenessMs = options.stalenessMs ?? 0;
    this.#processes = ['P0', 'P1'].map(
      (name) => new ModelProcess(name, this.#lineOf(name), this.#timers, this.#schedule, options),
    );
    this.#backend.invalidations.listen({
      onConnected: () => undefined,
      onDisconnected: () => undefined,
      onInvalidated: (keys) => {
        const [key] = keys as readonly string[];
        const index = KEYS.indexOf(key!);
        for (const process of this.#processes) process.carry(index, key!, this.#heldNow()[index]!);
      },
    });
    for (const process of this.#processes) process.connect(this.#heldNow());
  }

  /** Gives every key a value, and everybody has it at hand. */
  async begin(): Promise<void> {
    this.#isAtRest = true;
    for (const [key] of KEYS.entries()) {
      await this.#write('set', 'foreign', key);
      for (const process of this.#processes) await process.features.get(partsOf(key));
    }
    this.#isAtRest = false;
  }

  async run(step: Step): Promise<void> {
    if (step.do === 'wait') this.#timers.advance(step.ms);
    else if (step.do === 'reconnect') await this.#processes[step.by]!.reconnect(() => this.#heldNow());
    else if (step.do === 'write') await this.#write(step.how, step.by, step.key);
    else await this.#read(step.how, step.by, step.key);
  }

  /** Lets what waits for a time go on. */
  pass(): void {
    this.#timers.advance(25);
  }

  /** To be called when nothing is on its way any more: throws if anybody would read an old value from now on. */
  async requireCoherence(): Promise<void> {
    this.#isAtRest = true;
    this.#timers.advance(this.#stalenessMs);
    for (const [key] of KEYS.entries()) {
      if (!this.#isTaken[key]) continue;
      for (const how of ['peek', 'get', 'get', 'peek', 'getOrLoad', 'get'] as const) {
        for (const process of this.#processes) {
          const value = await this.#ask(process, how, key);
          if (value != null && value !== this.#database[key]) {
            throw new Error(`at rest, ${how} of ${KEYS[key]} gave ${value}, not ${this.#database[key]}`);
          }
        }
      }
    }
  }

  async #read(how: Reading, by: 0 | 1, key: number): Promise<void> {
    const process = this.#processes[by]!;
    const oldest = this.#oldestAllowed(process, key);
    const isHearing = process.isConnected;
    const { degradedLoads } = process.cache.stats();
    const value = await this.#ask(process, how, key);
    const isShared = !isHearing && process.cache.stats().degradedLoads > degradedLoads;
    if (value != null && value < oldest && !isShared) {
      throw new Error(`${how} of ${KEYS[key]} gave ${value} when ${oldest} was known`);
    }
  }

  /** The value, undefined where the second level failed or a load took too long. */
  async #ask({ features }: ModelProcess, how: Reading, key: number): Promise<number | null | undefined> {
    const parts = partsOf(key);
    if (how === 'peek') return features.peek(parts);
    if (how === 'getOrLoad') return features.getOrLoad(parts, () => this.#load(key)).catch(undefinedIfLate);
    if (how === 'get') return features.get(parts).catch(() => undefined);
    const values = await features.getMany(KEYS.map((_, i) => partsOf(i))).catch(() => []);
    return values[key];
  }

  /**
   * While connected a reader must not be given what is older than the process was told or has written. While not, nothing that
   * the second level no longer held when the read began, or the keyspace's bound before; unless the second level did not
   * answer and the read shared a load that began earlier.
   */
  #oldestAllowed(process: ModelProcess, key: number): number {
    if (process.isConnected) return process.known[key]!;
    const bound = this.#timers.now() - this.#stalenessMs;
    return this.#held[key]!.findLast(({ since }) => since <= bound)!.value;
  }

  async #load(key: number): Promise<number> {
    await this.#schedule(`a query for ${KEYS[key]} arrives`);
    const value = this.#database[key]!;
    await this.#schedule(`a query for ${KEYS[key]} answers`);
    return value;
  }

  #write(how: Writing, by: Writer, key: number): Promise<void> {
    return (this.#writing[key] = this.#writing[key]!.then(() => this.#writeAlone(how, by, key)));
  }

  async #writeAlone(how: Writing, by: Writer, key: number): Promise<void> {
    await this.#schedule(`${by} writes ${KEYS[key]}`);
    const value = ++this.#database[key]!;
    this.#isTaken[key] = false;
    await this.#schedule(`${by} has written ${KEYS[key]}, its ${how} follows`);
    const written = [...this.#database];
    const touched = how === 'deleteWhere' ? [...KEYS.keys()] : [key];
    if (by === 'foreign') {
      const { cache } = this.#backend;
      for (const each of touched) this.#holds(each, written[each]!);
      if (how === 'set') await cache.set(KEYS[key]!, value, 2);
      else if (how === 'delete') await cache.delete(KEYS[key]!);
      else await cache.deleteWhere(keyspaces.featureValue.pattern, ALL_KEYS);
    } else {
      const { features } = this.#processes[by]!;
      const parts = partsOf(key);
      const write =
        how === 'set'
          ? features.set(parts, value)
          : how === 'delete'
            ? features.delete(parts)
            : features.deleteWhere(ALL_KEYS);
      const isDone = await write.then(
        () => true,
        () => false,
      );
      if (!isDone) return;
      for (const each of touched) this.#processes[by]!.knows(each, written[each]!);
    }
    this.#isTaken[key] = true;
  }

  #holds(key: number, value: number): void {
    this.#held[key]!.push({ value, since: this.#timers.now() });
  }

  #heldNow(): number[] {
    return this.#held.map((values) => values.at(-1)!.value);
  }

  /** The second level comes to its keys one after the other, until the call is given up. */
  async #deleteAll(process: string, deadline: number): Promise<void> {
    const deletions = [...KEYS.entries()].map(async ([key, name]) => {
      await this.#schedule(`deleteWhere of ${process} comes to ${name}`);
      if (this.#timers.now() >= deadline) throw lost('deleteWhere');
      this.#holds(key, this.#database[key]!);
      await this.#backend.cache.delete(name);
    });
    await Promise.all(deletions);
  }

  /** The second level as a process reaches it. A call that is given up before it arrives is not carried out. */
  #lineOf(process: string): Cache {
    const store = this.#backend.cache;
    const call = async (name: keyof Cache & string, args: unknown[]): Promise<unknown> => {
      const fate = this.#isAtRest ? 'answered' : this.#nextFate();
      const { deadline, ...options } = args.at(-1) as SetIfUnchangedOptions & { readonly deadline: number };
      await this.#schedule(`${name} of ${process} arrives`);
      if (fate === 'lost' || this.#timers.now() >= deadline) throw lost(name);
      const key = KEYS.indexOf(args[0] as string);
      if (name === 'set') this.#holds(key, args[1] as number);
      if (name === 'delete') this.#holds(key, this.#database[key]!);
      const method = store[name] as (...args: unknown[]) => Promise<unknown>;
      const answer = await (name === 'deleteWhere'
        ? this.#deleteAll(process, deadline)
        : method.apply(store, [...args.slice(0, -1), options]));
      await this.#schedule(`${name} of ${process} answers`);
      if (fate === 'unanswered') throw lost(name);
      if (fate === 'hung') await new Promise(() => undefined);
      return answer;
    };
    return new Proxy(store, {
      get:
        (_, name: keyof Cache & string) =>
        (...args: unknown[]) =>
          call(name, args),
    });
  }
}

/** What all keys of the model have in common. */
const ALL_KEYS = { symbol: 'S' };

function undefinedIfLate(error: unknown): undefined {
  if (error instanceof TimeoutError) return undefined;
  throw error;
}

const lost = (operation: string) => new ConnectionError('lost', { operation });
