import type { Cache, SetIfUnchangedOptions } from '@quantumtrade/dal-domain';
import { ConnectionError, keyspaces, TimeoutError } from '@quantumtrade/dal-domain';
import { ManualClock } from '@quantumtrade/dal-runtime';
import { memoryCacheBackend } from '@quantumtrade/dal-memory';
import type { KeyspaceOptions } from '../options.js';
import type { Schedule } from './simulated-process.js';
import { SIMULATED_KEYS, SimulatedProcess, simulatedParts } from './simulated-process.js';

type Reading = 'get' | 'getMany' | 'getOrLoad' | 'peek';
type Writing = 'set' | 'delete' | 'deleteWhere';
type Writer = 0 | 1 | 'foreign';

export type SimulationStep =
  | { readonly do: 'read'; readonly how: Reading; readonly by: 0 | 1; readonly key: number }
  | { readonly do: 'write'; readonly how: Writing; readonly by: Writer; readonly key: number }
  | { readonly do: 'reconnect'; readonly by: 0 | 1 }
  | { readonly do: 'wait'; readonly ms: number };

/** Fate of a call to the second level: `lost` on its way there, `unanswered` on its way back, `hung` for ever. */
export type Fate = 'answered' | 'lost' | 'unanswered' | 'hung';

/**
 * Simulates two processes with a cache, and a client without one, over one store and one database. The scheduler decides when
 * each step happens. Every write gives its key a greater value.
 */
export class TwoProcessSimulation {
  readonly #timers = new ManualClock();
  readonly #backend = memoryCacheBackend({ clock: this.#timers });
  readonly #schedule: Schedule;
  #isAtRest = false;
  readonly #nextFate: () => Fate;
  readonly #stalenessMs: number;
  readonly #reportsOwnStores: boolean;
  readonly #processes: readonly SimulatedProcess[];
  readonly #database = SIMULATED_KEYS.map(() => 0);
  /** By key: the least value that the second level could return, and since when, oldest first. */
  readonly #held = SIMULATED_KEYS.map(() => [{ value: 0, since: 0 }]);
  /** By key: the write that the next one waits for. The order of two concurrent writes would be unknown. */
  readonly #writing = SIMULATED_KEYS.map(() => Promise.resolve());
  /** By key: whether the second level has confirmed the last write. */
  readonly #isConfirmed = SIMULATED_KEYS.map(() => true);

  constructor(
    schedule: Schedule,
    nextFate: () => Fate,
    { reportsOwnStores, ...options }: KeyspaceOptions & { readonly reportsOwnStores: boolean },
  ) {
    this.#reportsOwnStores = reportsOwnStores;
    this.#schedule = (label) => (this.#isAtRest ? Promise.resolve() : schedule(label));
    this.#nextFate = nextFate;
    this.#stalenessMs = options.stalenessMs ?? 0;
    this.#processes = ['P0', 'P1'].map(
      (name) => new SimulatedProcess(name, this.#connectionOf(name), this.#timers, this.#schedule, options),
    );
    this.#backend.invalidations.listen({
      onConnected: () => undefined,
      onDisconnected: () => undefined,
      onInvalidated: (keys) => {
        const [key] = keys as readonly string[];
        const index = SIMULATED_KEYS.indexOf(key!);
        for (const process of this.#processes) process.send(index, key!, this.#heldNow()[index]!);
      },
    });
    for (const process of this.#processes) process.connect(this.#heldNow());
  }

  /** Gives every key a value that both processes hold. */
  async begin(): Promise<void> {
    this.#isAtRest = true;
    for (const [key] of SIMULATED_KEYS.entries()) {
      await this.#write('set', 'foreign', key);
      for (const process of this.#processes) await process.features.get(simulatedParts(key));
    }
    this.#isAtRest = false;
  }

  async run(step: SimulationStep): Promise<void> {
    if (step.do === 'wait') this.#timers.advance(step.ms);
    else if (step.do === 'reconnect') await this.#processes[step.by]!.reconnect(() => this.#heldNow());
    else if (step.do === 'write') await this.#write(step.how, step.by, step.key);
    else await this.#read(step.how, step.by, step.key);
  }

  /** Advances the time. */
  pass(): void {
    this.#timers.advance(25);
  }

  /** Throws if a process would read an old value. Call it when nothing is under way. */
  async requireCoherence(): Promise<void> {
    this.#isAtRest = true;
    this.#timers.advance(this.#stalenessMs);
    for (const [key] of SIMULATED_KEYS.entries()) {
      if (!this.#isConfirmed[key]) continue;
      for (const how of ['peek', 'get', 'get', 'peek', 'getOrLoad', 'get'] as const) {
        for (const process of this.#processes) {
          const value = await this.#ask(process, how, key);
          if (value != null && value !== this.#database[key]) {
            throw new Error(
              `at rest, ${how} of ${SIMULATED_KEYS[key]} gave ${value}, not ${this.#database[key]}`,
            );
          }
        }
      }
    }
  }

  async #read(how: Reading, by: 0 | 1, key: number): Promise<void> {
    const process = this.#processes[by]!;
    const oldest = this.#oldestAllowed(process, key);
    const isConnected = process.isConnected;
    const { degradedLoads } = process.cache.stats();
    const value = await this.#ask(process, how, key);
    const isShared = !isConnected && process.cache.stats().degradedLoads > degradedLoads;
    if (value != null && value < oldest && !isShared) {
      throw new Error(`${how} of ${SIMULATED_KEYS[key]} gave ${value} when ${oldest} was known`);
    }
  }

  /** Reads a value; undefined when the second level failed or a load took too long. */
  async #ask({ features }: SimulatedProcess, how: Reading, key: number): Promise<number | null | undefined> {
    const parts = simulatedParts(key);
    if (how === 'peek') return features.peek(parts);
    if (how === 'getOrLoad') return features.getOrLoad(parts, () => this.#load(key)).catch(undefinedIfLate);
    if (how === 'get') return features.get(parts).catch(() => undefined);
    const values = await features.getMany(SIMULATED_KEYS.map((_, i) => simulatedParts(i))).catch(() => []);
    return values[key];
  }

  /**
   * Returns the oldest value that a read may return: while connected, the latest that the process was notified of or has written;
   * otherwise the one that the second level held when the read began, less the staleness bound. A read that shared an earlier
   * load while the second level did not answer may return an older one.
   */
  #oldestAllowed(process: SimulatedProcess, key: number): number {
    if (process.isConnected) return process.known[key]!;
    const bound = this.#timers.now() - this.#stalenessMs;
    return this.#held[key]!.findLast(({ since }) => since <= bound)!.value;
  }

  async #load(key: number): Promise<number> {
    await this.#schedule(`a query for ${SIMULATED_KEYS[key]} arrives`);
    const value = this.#database[key]!;
    await this.#schedule(`a query for ${SIMULATED_KEYS[key]} answers`);
    return value;
  }

  #write(how: Writing, by: Writer, key: number): Promise<void> {
    return (this.#writing[key] = this.#writing[key]!.then(() => this.#writeAlone(how, by, key)));
  }

  async #writeAlone(how: Writing, by: Writer, key: number): Promise<void> {
    await this.#schedule(`${by} writes ${SIMULATED_KEYS[key]}`);
    const value = ++this.#database[key]!;
    this.#isConfirmed[key] = false;
    await this.#schedule(`${by} has written ${SIMULATED_KEYS[key]}, its ${how} follows`);
    const written = [...this.#database];
    const affected = how === 'deleteWhere' ? [...SIMULATED_KEYS.keys()] : [key];
    if (by === 'foreign') {
      const { cache } = this.#backend;
      for (const each of affected) this.#holds(each, written[each]!);
      if (how === 'set') await cache.set(SIMULATED_KEYS[key]!, value, 2);
      else if (how === 'delete') await cache.delete(SIMULATED_KEYS[key]!);
      else await cache.deleteWhere(keyspaces.featureValue.pattern, ALL_KEYS);
    } else {
      const { features } = this.#processes[by]!;
      const parts = simulatedParts(key);
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
      for (const each of affected) this.#processes[by]!.noteKnown(each, written[each]!);
    }
    this.#isConfirmed[key] = true;
  }

  #holds(key: number, value: number): void {
    this.#held[key]!.push({ value, since: this.#timers.now() });
  }

  #heldNow(): number[] {
    return this.#held.map((values) => values.at(-1)!.value);
  }

  /** Deletes all keys one after the other, until the call is given up. */
  async #deleteAll(process: string, deadline: number): Promise<void> {
    const deletions = [...SIMULATED_KEYS.entries()].map(async ([key, name]) => {
      await this.#schedule(`deleteWhere of ${process} comes to ${name}`);
      if (this.#timers.now() >= deadline) throw lost('deleteWhere');
      this.#holds(key, this.#database[key]!);
      await this.#backend.cache.delete(name);
    });
    await Promise.all(deletions);
  }

  /** Returns the second level as a process reaches it. A call that is given up before it arrives has no effect. */
  #connectionOf(process: string): Cache {
    const store = this.#backend.cache;
    const call = async (name: keyof Cache & string, args: unknown[]): Promise<unknown> => {
      const fate = this.#isAtRest ? 'answered' : this.#nextFate();
      const { deadline, ...given } = args.at(-1) as SetIfUnchangedOptions & { readonly deadline: number };
      const options = this.#reportsOwnStores ? {} : given;
      await this.#schedule(`${name} of ${process} arrives`);
      if (fate === 'lost' || this.#timers.now() >= deadline) throw lost(name);
      const key = SIMULATED_KEYS.indexOf(args[0] as string);
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

/** Parts that all keys of the simulation have in common. */
const ALL_KEYS = { symbol: 'S' };

function undefinedIfLate(error: unknown): undefined {
  if (error instanceof TimeoutError) return undefined;
  throw error;
}

const lost = (operation: string) => new ConnectionError('lost', { operation });
