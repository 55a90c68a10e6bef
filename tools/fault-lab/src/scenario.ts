import { FAULTS, REDIS_FAULTS, type RedisFault } from './faulty-host.js';

/** Calls that a scenario makes at a constant rate: reads and writes of the data layer, and requests to its rate limiter. */
const CALL_KINDS = ['read', 'write', 'consume'] as const;
export type CallKind = (typeof CALL_KINDS)[number];

/** Something that happens to a host. */
export interface HostEvent {
  /** Milliseconds from the beginning. */
  readonly atMs: number;
  readonly host: string;
  readonly change: RedisFault | 'heal';
}

/**
 * Events of hosts under a load, as a text of one statement a line:
 *
 * ```text
 * hosts a, b
 * redis r
 * read 200 times a second
 * write 20 times a second
 * at 2 s kill a
 * at 5 s heal a
 * end at 8 s
 * ```
 *
 * `hosts` are ClickHouse engines. A fault is one of `kill`, `pause`, `reset`, `silence`, `slow`, and `demote` of a Redis. Calls are
 * `read`, `write` and `consume`. `#` begins a comment.
 */
export interface Scenario {
  readonly hosts: readonly string[];
  readonly redis: readonly string[];
  readonly perSecond: Readonly<Partial<Record<CallKind, number>>>;
  /** By ascending time. */
  readonly events: readonly HostEvent[];
  readonly endMs: number;
}

const STATEMENTS = {
  hosts: /^hosts (\w+(?:, \w+)*)$/,
  redis: /^redis (\w+(?:, \w+)*)$/,
  load: new RegExp(`^(${CALL_KINDS.join('|')}) (\\d+) times a second$`),
  event: new RegExp(`^at ([\\d.]+) s (${REDIS_FAULTS.join('|')}|heal) (\\w+)$`),
  end: /^end at ([\d.]+) s$/,
};

/** Reads the text of a scenario. Throws naming the line that is not a statement, or a statement that is missing. */
export function parseScenario(text: string): Scenario {
  let hosts: string[] = [];
  let redis: string[] = [];
  let endMs = 0;
  const perSecond: Partial<Record<CallKind, number>> = {};
  const events: HostEvent[] = [];
  for (const [number, full] of text.split('\n').entries()) {
    const line = full.replace(/#.*/, '').trim();
    if (line === '') continue;
    const [engines, caches, load, event, end] = Object.values(STATEMENTS).map((pattern) =>
      pattern.exec(line),
    );
    if (engines) hosts = engines[1]!.split(', ');
    else if (caches) redis = caches[1]!.split(', ');
    else if (load) perSecond[load[1] as CallKind] = Number(load[2]);
    else if (event) events.push({ atMs: ms(event[1]), change: event[2] as RedisFault, host: event[3]! });
    else if (end) endMs = ms(end[1]);
    else throw new SyntaxError(`line ${number + 1} is no statement of a scenario: ${line}`);
  }
  const all = [...hosts, ...redis];
  if (all.length === 0) throw new SyntaxError('the scenario names no hosts');
  if (new Set(all).size < all.length) throw new SyntaxError('two hosts of the scenario have one name');
  if (!Object.values(perSecond).some((rate) => rate > 0)) throw new SyntaxError('the scenario has no load');
  for (const { host, change, atMs } of events) {
    if (!all.includes(host)) throw new SyntaxError(`the scenario has no host ${host}`);
    const isOfAll = change === 'heal' || (FAULTS as readonly string[]).includes(change);
    if (!isOfAll && !redis.includes(host)) throw new SyntaxError(`${change} is no fault of host ${host}`);
    if (atMs > endMs) throw new SyntaxError('something happens after the end');
  }
  return { hosts, redis, perSecond, endMs, events: events.sort((a, b) => a.atMs - b.atMs) };
}

const ms = (seconds: string | undefined): number => Math.round(Number(seconds) * 1_000);
