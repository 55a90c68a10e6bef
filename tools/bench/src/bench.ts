import type { BenchServer } from './server.js';

/** Of all rounds, in the result's unit. */
export interface Spread {
  readonly min: number;
  readonly median: number;
  readonly max: number;
}

/** One thing compared. A side that cannot do it at all is null, and the note says why. */
export interface Result {
  readonly case: string;
  readonly unit: string;
  readonly ours: Spread | null;
  readonly peers: Readonly<Record<string, Spread | null>>;
  readonly note?: string;
}

/** Yields its results one by one, as they come. */
export type Bench = (server: BenchServer) => AsyncGenerator<Result>;

/** One measurement of one side. */
export type Measurement = () => Promise<number>;

/** Each side's measurement, ours among them. */
export type Sides<T> = Readonly<Record<string, T>> & { readonly ours: T };

/**
 * Measures all sides in turn, round after round, so that whatever else the machine does falls on all alike. Each round
 * begins with another side; one round before the first warms up and is not counted.
 */
export async function pairedRounds(
  title: Pick<Result, 'case' | 'unit' | 'note'>,
  rounds: number,
  sides: Sides<Measurement>,
): Promise<Result> {
  const names = Object.keys(sides);
  const figures = new Map(names.map((name) => [name, [] as number[]]));
  for (let round = 0; round <= rounds; round++) {
    for (let turn = 0; turn < names.length; turn++) {
      const name = names[(round + turn) % names.length]!;
      const figure = await sides[name]!();
      if (round > 0) figures.get(name)!.push(figure);
    }
  }
  const { ours, ...peers } = Object.fromEntries(names.map((name) => [name, spread(figures.get(name)!)]));
  return { ...title, ours: ours!, peers };
}

/** The same measurement of a different thing on each side. */
export function eachSide<T>(things: Sides<T>, measure: (thing: T) => Measurement): Sides<Measurement> {
  const sides = Object.entries(things).map(([name, thing]) => [name, measure(thing)] as const);
  return { ...Object.fromEntries(sides), ours: measure(things.ours) };
}

/** For figures that are the same however often one measures. */
export async function measuredOnce(
  title: Pick<Result, 'case' | 'unit' | 'note'>,
  sides: Sides<Measurement>,
): Promise<Result> {
  const peers: Record<string, Spread> = {};
  for (const [name, measure] of Object.entries(sides)) peers[name] = spread([await measure()]);
  const { ours, ...others } = peers;
  return { ...title, ours: ours!, peers: others };
}

/** How long something takes, in milliseconds. */
export async function elapsed(work: () => Promise<unknown>): Promise<number> {
  const start = performance.now();
  await work();
  return performance.now() - start;
}

export function spread(figures: readonly number[]): Spread {
  const sorted = [...figures].sort((a, b) => a - b);
  const middle = sorted.length / 2;
  const median = (sorted[Math.ceil(middle) - 1]! + sorted[Math.floor(middle)]!) / 2;
  return { min: sorted[0]!, median, max: sorted.at(-1)! };
}
