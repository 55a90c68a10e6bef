import { setTimeout as delay } from 'node:timers/promises';
import type { EngineHost } from './engine-host.js';
import type { Scenario } from './scenario.js';

/** One read of the load. */
export interface Outcome {
  /** When it was due, in milliseconds from the beginning. */
  readonly atMs: number;
  /** Time from then until it ended, in milliseconds. */
  readonly durationMs: number;
  /** @default none: it succeeded */
  readonly error?: unknown;
}

/**
 * Runs a scenario: reads begin at a constant rate, whether earlier ones were answered or not, while events happen to the hosts.
 * Several loads run side by side, each with its own share of the rate. Resolves when all reads have ended and all hosts are well.
 */
export async function runScenario<L extends string>(
  { events, endMs, readsPerSecond }: Scenario,
  hosts: Readonly<Record<string, Pick<EngineHost, 'suffer' | 'heal'>>>,
  loads: Readonly<Record<L, { readonly share?: number; read(n: number): Promise<unknown> }>>,
): Promise<Record<L, Outcome[]>> {
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
  const names = Object.keys(loads) as L[];
  const outcomes = await Promise.all(
    names.map((name) => {
      const { share = 1, read } = loads[name];
      return runAtRate({ forMs: endMs, perSecond: readsPerSecond * share }, read, start);
    }),
  );
  await happening;
  await Promise.all(Object.values(hosts).map((host) => host.heal()));
  return Object.fromEntries(names.map((name, i) => [name, outcomes[i]])) as Record<L, Outcome[]>;
}

/** Begins reads at a constant rate, whether earlier ones were answered or not. Resolves when all have ended. */
export async function runAtRate(
  { forMs, perSecond }: { readonly forMs: number; readonly perSecond: number },
  read: (n: number) => Promise<unknown>,
  start = performance.now(),
): Promise<Outcome[]> {
  const total = Math.floor((forMs * perSecond) / 1_000);
  const ending: Promise<Outcome>[] = [];
  for (let n = 0; n < total; n++) {
    const atMs = (n * 1_000) / perSecond;
    const early = start + atMs - performance.now();
    if (early > 0) await delay(early);
    const ended = () => performance.now() - start - atMs;
    ending.push(
      read(n).then(
        () => ({ atMs, durationMs: ended() }),
        (error: unknown) => ({ atMs, durationMs: ended(), error }),
      ),
    );
  }
  return Promise.all(ending);
}

/** Share of the reads that succeeded. */
export const successShare = (outcomes: readonly Outcome[]): number =>
  outcomes.filter(({ error }) => error === undefined).length / outcomes.length;
