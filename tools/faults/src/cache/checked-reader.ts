import { setTimeout as delay } from 'node:timers/promises';
import type { CacheStats, CoherentKeyspace, KeyspaceOptions } from '@quantumtrade/dal-cache';
import { isDatabaseError } from '@quantumtrade/dal-domain';
import type { Random } from '@quantumtrade/dal-testing';
import type { Redis } from 'ioredis';
import { awaitByDeadline } from '../writing/await-by-deadline.js';
import type { VERSIONS } from './cache-keys.js';
import { absentInDatabase, inDatabase, KEY_COUNT, KEY_NUMBERS, loadsOf, keyParts } from './cache-keys.js';
import type { StalenessOracle } from './staleness-oracle.js';

/** Results of one reading process, as JSON. */
export interface ReaderFindings {
  /** Reads that returned a stale value, and calls that failed or hung unexpectedly. */
  readonly violations: string[];
  /** Number of checked reads, by whether the process was connected when they began. */
  readonly checked: { connected: number; disconnected: number };
  /** Number of values in the first level. */
  firstLevelHits: number;
  /** Number of second-level calls that rejected with an error of the data layer. */
  rejected: number;
  /** Longest time in which every `get` of one key failed. */
  longestFailureMs: number;
  /** Options of its keyspace and statistics of its cache. */
  options?: KeyspaceOptions;
  stats?: CacheStats;
}

const READS = ['peek', 'peek', 'get', 'getMany', 'getOrLoad', 'getOrLoad'] as const;
type Read = (typeof READS)[number];
type Versions = CoherentKeyspace<typeof VERSIONS.pattern, number>;

/**
 * Reads keys at random as several users and checks the results. Reads of one key may share a pending one. While connected, they
 * share none that began before a change of which the process was notified; while disconnected they may, and then return what the
 * shared read returns.
 */
export class CheckedReader {
  readonly findings: ReaderFindings = {
    violations: [],
    checked: { connected: 0, disconnected: 0 },
    firstLevelHits: 0,
    rejected: 0,
    longestFailureMs: 0,
  };
  readonly #versions: Versions;
  readonly #oracle: StalenessOracle;
  readonly #database: Redis;
  readonly #random: Random;
  readonly #patienceMs: number;
  /** Time by key since which every `get` has failed. */
  readonly #failingSince: (number | undefined)[] = new Array(KEY_COUNT).fill(undefined);
  /** Oldest allowed version by key for each pending call. */
  readonly #pending = Array.from({ length: KEY_COUNT }, () => new Set<{ readonly oldest: number }>());

  constructor(
    versions: Versions,
    {
      oracle,
      database,
      random,
      patienceMs,
    }: {
      oracle: StalenessOracle;
      database: Redis;
      random: Random;
      /** Maximum duration of a call. */
      patienceMs: number;
    },
  ) {
    this.#versions = versions;
    this.#oracle = oracle;
    this.#database = database;
    this.#random = random;
    this.#patienceMs = patienceMs;
  }

  async run(isOver: () => boolean): Promise<void> {
    while (!isOver()) {
      const key = this.#random.below(KEY_COUNT);
      if (this.#random.chance(0.3)) await this.#oracle.refresh(key);
      await this.#read(READS[this.#random.below(READS.length)]!, key);
      if (this.#random.chance(0.5)) await delay(1 + this.#random.below(3));
    }
  }

  /** After the last change: reads every key until its last version is in the first level. */
  async checkAtRest(): Promise<void> {
    for (const key of KEY_NUMBERS) {
      const last = await this.#lastVersion(key);
      let firstLevelHits: number | undefined;
      do {
        for (const read of ['get', 'getOrLoad'] as const) {
          const version = await this.#call(read, key);
          const isNothing = version === undefined || (read === 'get' && version === null);
          if (!isNothing && version !== last)
            this.#report(`at rest ${read} of ${key} gave ${version}, not ${last}`);
        }
        firstLevelHits = this.#versions.peek(keyParts(key));
      } while (firstLevelHits === undefined && last !== null);
      if (firstLevelHits !== undefined && firstLevelHits !== last)
        this.#report(`at rest ${key} has ${firstLevelHits} in the first level, not ${last}`);
    }
  }

  async #read(read: Read, key: number): Promise<void> {
    const state = this.#oracle.receivesInvalidations(key) ? 'connected' : 'disconnected';
    const begun = { oldest: this.#oracle.oldestOf(key) };
    const pending = this.#pending[key]!.add(begun);
    const isShared = state === 'disconnected' && (read === 'get' || read === 'getOrLoad');
    const oldest = isShared ? Math.min(...[...pending].map((call) => call.oldest)) : begun.oldest;
    const version = await this.#call(read, key);
    pending.delete(begun);
    if (version === null && read === 'getOrLoad') await this.#checkAbsence(key, oldest);
    if (version == null) return;
    if (read === 'peek') this.findings.firstLevelHits++;
    if (read === 'peek' && state === 'disconnected')
      this.#report(`peek of ${key} gave ${version} while disconnected`);
    if (oldest > 0) this.findings.checked[state]++;
    if (version < oldest)
      this.#report(`${read} of ${key}, ${state}, gave ${version} when ${oldest} was known`);
  }

  /** Checks that there was no value in this or a later version. */
  async #checkAbsence(key: number, oldest: number): Promise<void> {
    const version = Number(await this.#database.get(absentInDatabase(key)));
    if (version === 0 || version < oldest)
      this.#report(`getOrLoad of ${key} gave nothing when ${oldest} was known`);
  }

  /** Returns the version read, null when there is no value, undefined when the call failed. */
  async #call(read: Read, key: number): Promise<number | null | undefined> {
    const parts = keyParts(key);
    if (read === 'peek') return this.#versions.peek(parts);
    const call =
      read === 'getOrLoad'
        ? this.#versions.getOrLoad(parts, () => this.#load(key))
        : read === 'get'
          ? this.#versions.get(parts)
          : this.#versions.getMany([keyParts((key + 1) % KEY_COUNT), parts]).then(([, version]) => version!);
    try {
      const version = await awaitByDeadline(call, Date.now() + this.#patienceMs);
      if (read === 'get') this.#failingSince[key] = undefined;
      return version;
    } catch (error) {
      if (read === 'get') this.#noteFailure(key);
      if (read === 'getOrLoad' || !isDatabaseError(error))
        this.#report(`${read} of ${key} failed: ${String(error)}`);
      this.findings.rejected++;
      return undefined;
    }
  }

  async #load(key: number): Promise<number | null> {
    void this.#database.incr(loadsOf(this.#oracle.name));
    const version = await this.#lastVersion(key);
    if (this.#random.chance(0.5)) await delay(this.#random.below(20));
    return version;
  }

  async #lastVersion(key: number): Promise<number | null> {
    const version = Number(await this.#database.get(inDatabase(key)));
    return version < 0 ? null : version;
  }

  #noteFailure(key: number): void {
    const now = Date.now();
    const since = (this.#failingSince[key] ??= now);
    this.findings.longestFailureMs = Math.max(this.findings.longestFailureMs, now - since);
  }

  #report(violation: string): void {
    if (this.findings.violations.length < 10)
      this.findings.violations.push(`${new Date().toISOString()} ${violation}`);
  }
}
