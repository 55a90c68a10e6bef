import { setTimeout as delay } from 'node:timers/promises';
import type { CacheStats, CoherentKeyspace, KeyspaceOptions } from '@quantumtrade/dal-cache';
import { isDatabaseError } from '@quantumtrade/dal-domain';
import type { Random } from '@quantumtrade/dal-testing';
import type { Redis } from 'ioredis';
import { settledInTime } from '../faults/settled-in-time.js';
import type { VERSIONS } from './keys.js';
import { absentInDatabase, inDatabase, KEY_COUNT, KEYS, loadsOf, partsOf } from './keys.js';
import type { Knowledge } from './knowledge.js';

/** What a process found, as JSON. */
export interface Findings {
  /** Reads that gave a value which was too old, and calls that failed or hung and must not. */
  readonly wrong: string[];
  /** Reads of which the oldest version allowed was known, by whether the process was connected when they began. */
  readonly checked: { connected: number; disconnected: number };
  /** Values that were at hand, and calls of the second level that rejected with an error of the data layer. */
  atHand: number;
  rejected: number;
  /** The longest time that every `get` of one key has failed. */
  longestSilenceMs: number;
  /** How its keyspace is kept, and what its cache has counted. */
  options?: KeyspaceOptions;
  stats?: CacheStats;
}

const READS = ['peek', 'peek', 'get', 'getMany', 'getOrLoad', 'getOrLoad'] as const;
type Read = (typeof READS)[number];
type Versions = CoherentKeyspace<typeof VERSIONS.pattern, number>;

/**
 * Reads as several users do, at random, and checks whatever it is given. Reads of one key share one that is under way. Connected,
 * they share none that began before a change they were told of; disconnected they cannot know, and may be given what the one
 * that they share is given.
 */
export class CheckedReader {
  readonly findings: Findings = {
    wrong: [],
    checked: { connected: 0, disconnected: 0 },
    atHand: 0,
    rejected: 0,
    longestSilenceMs: 0,
  };
  readonly #versions: Versions;
  readonly #knowledge: Knowledge;
  readonly #database: Redis;
  readonly #random: Random;
  readonly #patienceMs: number;
  /** By key: since when every `get` has failed. */
  readonly #silentSince: (number | undefined)[] = new Array(KEY_COUNT).fill(undefined);
  /** By key: what was the oldest version allowed when each call that is under way began. */
  readonly #underWay = Array.from({ length: KEY_COUNT }, () => new Set<{ readonly oldest: number }>());

  constructor(
    versions: Versions,
    {
      knowledge,
      database,
      random,
      patienceMs,
    }: {
      knowledge: Knowledge;
      database: Redis;
      random: Random;
      /** How long a call may take. */
      patienceMs: number;
    },
  ) {
    this.#versions = versions;
    this.#knowledge = knowledge;
    this.#database = database;
    this.#random = random;
    this.#patienceMs = patienceMs;
  }

  async run(isOver: () => boolean): Promise<void> {
    while (!isOver()) {
      const key = this.#random.below(KEY_COUNT);
      if (this.#random.chance(0.3)) await this.#knowledge.inquire(key);
      await this.#read(READS[this.#random.below(READS.length)]!, key);
      if (this.#random.chance(0.5)) await delay(1 + this.#random.below(3));
    }
  }

  /** When nobody writes any more and this process is told of all: reads every key until it has its last version at hand. */
  async checkAtRest(): Promise<void> {
    for (const key of KEYS) {
      const last = await this.#lastVersion(key);
      let atHand: number | undefined;
      do {
        for (const read of ['get', 'getOrLoad'] as const) {
          const version = await this.#ask(read, key);
          const isNothing = version === undefined || (read === 'get' && version === null);
          if (!isNothing && version !== last)
            this.#tell(`at rest ${read} of ${key} gave ${version}, not ${last}`);
        }
        atHand = this.#versions.peek(partsOf(key));
      } while (atHand === undefined && last !== null);
      if (atHand !== undefined && atHand !== last)
        this.#tell(`at rest ${key} has ${atHand} at hand, not ${last}`);
    }
  }

  async #read(read: Read, key: number): Promise<void> {
    const state = this.#knowledge.isTold(key) ? 'connected' : 'disconnected';
    const begun = { oldest: this.#knowledge.oldestOf(key) };
    const underWay = this.#underWay[key]!.add(begun);
    const isShared = state === 'disconnected' && (read === 'get' || read === 'getOrLoad');
    const oldest = isShared ? Math.min(...[...underWay].map((call) => call.oldest)) : begun.oldest;
    const version = await this.#ask(read, key);
    underWay.delete(begun);
    if (version === null && read === 'getOrLoad') await this.#checkAbsence(key, oldest);
    if (version == null) return;
    if (read === 'peek') this.findings.atHand++;
    if (read === 'peek' && state === 'disconnected')
      this.#tell(`peek of ${key} gave ${version} while disconnected`);
    if (oldest > 0) this.findings.checked[state]++;
    if (version < oldest) this.#tell(`${read} of ${key}, ${state}, gave ${version} when ${oldest} was known`);
  }

  /** Whether there was no value in this version or in one since. */
  async #checkAbsence(key: number, oldest: number): Promise<void> {
    const version = Number(await this.#database.get(absentInDatabase(key)));
    if (version === 0 || version < oldest)
      this.#tell(`getOrLoad of ${key} gave nothing when ${oldest} was known`);
  }

  /** The version; null when there is none, undefined when that is not known. */
  async #ask(read: Read, key: number): Promise<number | null | undefined> {
    const parts = partsOf(key);
    if (read === 'peek') return this.#versions.peek(parts);
    const call =
      read === 'getOrLoad'
        ? this.#versions.getOrLoad(parts, () => this.#load(key))
        : read === 'get'
          ? this.#versions.get(parts)
          : this.#versions.getMany([partsOf((key + 1) % KEY_COUNT), parts]).then(([, version]) => version!);
    try {
      const version = await settledInTime(call, Date.now() + this.#patienceMs);
      if (read === 'get') this.#silentSince[key] = undefined;
      return version;
    } catch (error) {
      if (read === 'get') this.#isSilent(key);
      if (read === 'getOrLoad' || !isDatabaseError(error))
        this.#tell(`${read} of ${key} failed: ${String(error)}`);
      this.findings.rejected++;
      return undefined;
    }
  }

  async #load(key: number): Promise<number | null> {
    void this.#database.incr(loadsOf(this.#knowledge.name));
    const version = await this.#lastVersion(key);
    if (this.#random.chance(0.5)) await delay(this.#random.below(20));
    return version;
  }

  async #lastVersion(key: number): Promise<number | null> {
    const version = Number(await this.#database.get(inDatabase(key)));
    return version < 0 ? null : version;
  }

  #isSilent(key: number): void {
    const now = Date.now();
    const since = (this.#silentSince[key] ??= now);
    this.findings.longestSilenceMs = Math.max(this.findings.longestSilenceMs, now - since);
  }

  #tell(what: string): void {
    if (this.findings.wrong.length < 10) this.findings.wrong.push(`${new Date().toISOString()} ${what}`);
  }
}
