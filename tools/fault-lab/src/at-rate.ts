import { setImmediate as nextTurn, setTimeout as delay } from 'node:timers/promises';

/** Calls at a constant rate. */
export interface CallRate {
  readonly perSecond: number;
  readonly forMs: number;
  /** Whether to wait without timers, which are late by up to a millisecond: no call begins late while the processor is free. @default false */
  readonly isExact?: boolean;
}

/** One call of a load. */
export interface Outcome {
  /** When it was due, in milliseconds from the beginning. */
  readonly atMs: number;
  /** Time from then until it ended, in milliseconds. */
  readonly durationMs: number;
  /** @default none: it succeeded */
  readonly error?: unknown;
}

/** No turn of the event loop begins more calls, so that answers are taken in between. */
const CALLS_A_TURN = 100;

/**
 * Begins calls at a constant rate, whether earlier ones were answered or not. `begin` takes the number of the call and the time from
 * the beginning at which it is due, in milliseconds. Resolves with the number of calls when all have begun.
 */
export async function beginAtRate(
  { perSecond, forMs, isExact = false }: CallRate,
  begin: (n: number, atMs: number) => void,
  start = performance.now(),
): Promise<number> {
  const total = Math.round((perSecond * forMs) / 1_000);
  const msBetween = 1_000 / perSecond;
  for (let n = 0; ;) {
    const due = Math.floor((performance.now() - start) / msBetween) + 1;
    for (const end = Math.min(total, n + CALLS_A_TURN, due); n < end; n++) begin(n, n * msBetween);
    if (n === total) return total;
    const earlyMs = start + n * msBetween - performance.now();
    await (isExact || earlyMs <= 0 ? nextTurn() : delay(earlyMs));
  }
}

/** Makes calls at a constant rate. Resolves when all have ended. */
export async function runAtRate(
  rate: CallRate,
  call: (n: number) => Promise<unknown>,
  start = performance.now(),
): Promise<Outcome[]> {
  const ending: Promise<Outcome>[] = [];
  const begin = (n: number, atMs: number) => {
    const ended = () => ({ atMs, durationMs: performance.now() - start - atMs });
    ending.push(call(n).then(ended, (error: unknown) => ({ ...ended(), error })));
  };
  await beginAtRate(rate, begin, start);
  return Promise.all(ending);
}
