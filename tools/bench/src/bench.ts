import { sized } from './sized.js';

/** Least, median and greatest figure of all rounds, in the unit of the result. */
export interface Spread {
  readonly min: number;
  readonly median: number;
  readonly max: number;
}

/** One comparison. A side that cannot do it at all is null, with the reason in the note. */
export interface Result {
  readonly case: string;
  readonly unit: string;
  readonly ours: Spread | null;
  readonly peers: Readonly<Record<string, Spread | null>>;
  /** Our figure divided by the peer's, round by round; not for peers with a round of 0. */
  readonly ratios?: Readonly<Record<string, Spread>>;
  readonly note?: string;
}

export type Title = Pick<Result, 'case' | 'unit' | 'note'>;

export interface BenchOptions {
  /** Duration of a bench that runs for a time. @default that of the bench (seconds) */
  readonly seconds?: number;
  /** Rounds of a bench that takes them as an option. @default that of the bench */
  readonly rounds?: number;
  /** The one case to measure, of a bench whose cases have names. @default all */
  readonly case?: string;
}

/** A server to measure on. Each bench starts its own. */
export interface Server {
  /** Name and version of the engine. */
  readonly engine: string;
  stop(): Promise<void>;
}

/** Yields its results one by one, as they come. */
export type Bench<S extends Server> = (server: S, options: BenchOptions) => AsyncGenerator<Result>;

/** One measurement of one side. */
export type Measurement = () => Promise<number>;

/** Each side's measurement, ours among them. */
export type Sides<T> = Readonly<Record<string, T>> & { readonly ours: T };

/**
 * Measures all sides in turn, round after round, so that whatever else the machine does falls on all alike. Each round
 * begins with another side; one round before the first warms up and is not counted.
 */
export async function inRounds<T>(
  rounds: number,
  sides: Sides<() => Promise<T>>,
): Promise<Sides<readonly T[]>> {
  const names = Object.keys(sides);
  const figures: Sides<T[]> = eachSide(sides, () => []);
  for (let round = sized(0, 1); round <= rounds; round++) {
    for (let turn = 0; turn < names.length; turn++) {
      const name = names[(round + turn) % names.length]!;
      const figure = await sides[name]!();
      if (round > 0) figures[name]!.push(figure);
    }
  }
  return figures;
}

/** Returns the spread of each side. */
export function spreads(title: Title, sides: Sides<readonly number[]>): Result {
  const { ours, ...peers } = eachSide(sides, spread);
  return { ...title, ours, peers };
}

/** Returns the spread of each side, and of our figures divided by those of the same round. */
export function compared(title: Title, sides: Sides<readonly number[]>): Result {
  const { ours, ...peers } = sides;
  const ratios: Record<string, Spread> = {};
  for (const [name, figures] of Object.entries(peers)) {
    if (!figures.includes(0)) ratios[name] = spread(figures.map((figure, round) => ours[round]! / figure));
  }
  return { ...spreads(title, sides), ...(Object.keys(ratios).length > 0 && { ratios }) };
}

/** Measures the sides in rounds and compares them. */
export async function pairedRounds(title: Title, rounds: number, sides: Sides<Measurement>): Promise<Result> {
  return compared(title, await inRounds(rounds, sides));
}

/** Maps the sides. */
export function eachSide<T, U>(things: Sides<T>, make: (thing: T, name: string) => U): Sides<U> {
  const sides = Object.entries(things).map(([name, thing]) => [name, make(thing, name)] as const);
  return Object.fromEntries(sides) as Sides<U>;
}

/** Measures figures that do not vary. */
export async function measuredOnce(title: Title, sides: Sides<Measurement>): Promise<Result> {
  const figures: Sides<number[]> = eachSide(sides, () => []);
  for (const [name, measure] of Object.entries(sides)) figures[name]!.push(await measure());
  return spreads(title, figures);
}

/** Returns the duration of some work, in milliseconds. */
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

/** Returns the figure that this share of all figures does not exceed, by nearest rank. */
export function percentile(figures: readonly number[], share: number): number {
  const sorted = [...figures].sort((a, b) => a - b);
  return sorted[Math.max(0, Math.ceil(sorted.length * share) - 1)]!;
}
