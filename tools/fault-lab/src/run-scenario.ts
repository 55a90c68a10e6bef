import { setTimeout as delay } from 'node:timers/promises';
import { runAtRate, type Outcome } from './at-rate.js';
import type { FaultyHost } from './faulty-host.js';
import type { CallKind, Scenario } from './scenario.js';

/** Calls of one kind that a scenario makes. */
export interface ScenarioLoad {
  /** @default 'read' */
  readonly kind?: CallKind;
  /** Share of the scenario's rate. @default 1 */
  readonly share?: number;
  /** Makes the n-th call, counted from 0. */
  call(n: number): Promise<unknown>;
}

/**
 * Runs a scenario: calls begin at a constant rate, whether earlier ones were answered or not, while events happen to the hosts.
 * Several loads run side by side, each with its own share of the rate. Resolves when all calls have ended and all hosts are well.
 */
export async function runScenario<L extends string>(
  { events, endMs, perSecond }: Scenario,
  hosts: Readonly<Record<string, Pick<FaultyHost, 'suffer' | 'heal'>>>,
  loads: Readonly<Record<L, ScenarioLoad>>,
): Promise<Record<L, Outcome[]>> {
  const names = Object.keys(loads) as L[];
  for (const name of names) {
    const { kind = 'read' } = loads[name];
    if (perSecond[kind] === undefined) throw new Error(`the scenario has no statement for ${name}: ${kind}`);
  }
  const start = performance.now();
  const happening = (async () => {
    const changes: Promise<void>[] = [];
    for (const { atMs, host, change } of events) {
      await delay(Math.max(0, start + atMs - performance.now()));
      const changed = hosts[host]!;
      changes.push(change === 'heal' ? changed.heal() : changed.suffer(change));
    }
    await Promise.all(changes);
  })();
  const outcomes = await Promise.all(
    names.map((name) => {
      const { kind = 'read', share = 1 } = loads[name];
      const rate = { forMs: endMs, perSecond: perSecond[kind]! * share };
      return runAtRate(rate, (n) => loads[name].call(n), start);
    }),
  );
  await happening;
  await Promise.all(Object.values(hosts).map((host) => host.heal()));
  return Object.fromEntries(names.map((name, i) => [name, outcomes[i]])) as Record<L, Outcome[]>;
}

/** Share of the calls that succeeded. */
export const successShare = (outcomes: readonly Outcome[]): number =>
  outcomes.filter(({ error }) => error === undefined).length / outcomes.length;
