import type { Fault } from './engine-host.js';
import { FAULTS } from './engine-host.js';

/** Something that happens to a host. */
export interface HostEvent {
  /** Milliseconds from the beginning. */
  readonly atMs: number;
  readonly host: string;
  readonly change: Fault | 'heal';
}

/**
 * Events of hosts under a load, as a text of one statement a line:
 *
 * ```text
 * hosts a, b
 * read 200 times a second
 * at 2 s kill a
 * at 5 s heal a
 * end at 8 s
 * ```
 *
 * A fault is one of `kill`, `pause`, `reset`, `silence`, `slow`. `#` begins a comment.
 */
export interface Scenario {
  readonly hosts: readonly string[];
  readonly readsPerSecond: number;
  /** By ascending time. */
  readonly events: readonly HostEvent[];
  readonly endMs: number;
}

const STATEMENTS = {
  hosts: /^hosts (\w+(?:, \w+)*)$/,
  reads: /^read (\d+) times a second$/,
  event: new RegExp(`^at ([\\d.]+) s (${FAULTS.join('|')}|heal) (\\w+)$`),
  end: /^end at ([\d.]+) s$/,
};

/** Reads the text of a scenario. Throws naming the line that is not a statement, or a statement that is missing. */
export function parseScenario(text: string): Scenario {
  let hosts: string[] = [];
  let readsPerSecond = 0;
  let endMs = 0;
  const events: HostEvent[] = [];
  for (const [number, full] of text.split('\n').entries()) {
    const line = full.replace(/#.*/, '').trim();
    if (line === '') continue;
    const [names, reads, event, end] = Object.values(STATEMENTS).map((pattern) => pattern.exec(line));
    if (names) hosts = names[1]!.split(', ');
    else if (reads) readsPerSecond = Number(reads[1]);
    else if (event) events.push({ atMs: ms(event[1]), change: event[2] as Fault, host: event[3]! });
    else if (end) endMs = ms(end[1]);
    else throw new SyntaxError(`line ${number + 1} is no statement of a scenario: ${line}`);
  }
  if (hosts.length === 0) throw new SyntaxError('the scenario names no hosts');
  if (readsPerSecond === 0) throw new SyntaxError('the scenario has no load');
  const stranger = events.find(({ host }) => !hosts.includes(host));
  if (stranger) throw new SyntaxError(`the scenario has no host ${stranger.host}`);
  if (events.some(({ atMs }) => atMs > endMs)) throw new SyntaxError('something happens after the end');
  return { hosts, readsPerSecond, endMs, events: events.sort((a, b) => a.atMs - b.atMs) };
}

const ms = (seconds: string | undefined): number => Math.round(Number(seconds) * 1_000);
