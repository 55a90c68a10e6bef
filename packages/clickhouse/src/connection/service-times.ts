/** Weight of the latest query in the averages. */
const WEIGHT = 1 / 16;
/** Mean absolute deviations above the mean that few queries exceed. */
const DEVIATIONS = 2;
/** Kinds of calls are few; this bounds what an unforeseen use may cost. */
const MAX_KINDS = 256;

class Average {
  mean: number;
  deviation: number;

  constructor(first: number) {
    this.mean = first;
    this.deviation = first / 2;
  }

  add(value: number): void {
    this.deviation += (Math.abs(value - this.mean) - this.deviation) * WEIGHT;
    this.mean += (value - this.mean) * WEIGHT;
  }

  /** What few values exceed. */
  get high(): number {
    return this.mean + DEVIATIONS * this.deviation;
  }
}

interface Kind {
  first: Average | undefined;
  further: Average | undefined;
  /** Further queries for each first one, lately. */
  furtherPerCall: number;
}

/**
 * How long calls of each kind took lately: exponentially weighted averages of their first queries, and of those that follow in
 * the same call.
 */
export class ServiceTimes {
  readonly #kinds = new Map<string, Kind>();

  /** A query that failed early says nothing; one that failed late would have taken at least as long. */
  record(name: string, ms: number, { further, served }: { further: boolean; served: boolean }): void {
    const kind = this.#kindOf(name);
    if (!kind) return;
    const role = further ? 'further' : 'first';
    const average = kind[role];
    if (!average) {
      if (served) kind[role] = new Average(ms);
    } else if (served || ms > average.mean) average.add(ms);
    kind.furtherPerCall = further ? kind.furtherPerCall + WEIGHT : kind.furtherPerCall * (1 - WEIGHT);
  }

  /** Of what is left of a call, before its first query or before a further one; 0 before the first call of its kind. */
  expected(name: string, further: boolean): number {
    return this.#left(name, further, ({ mean }) => mean);
  }

  /** The same, as few calls exceed it. */
  likelyAtMost(name: string, further: boolean): number {
    return this.#left(name, further, ({ high }) => high);
  }

  #left(name: string, further: boolean, measure: (average: Average) => number): number {
    const kind = this.#kinds.get(name);
    const next = kind?.further ? measure(kind.further) : 0;
    if (further || !kind) return next;
    return (kind.first ? measure(kind.first) : 0) + kind.furtherPerCall * next;
  }

  #kindOf(name: string): Kind | undefined {
    let kind = this.#kinds.get(name);
    if (!kind && this.#kinds.size < MAX_KINDS) {
      this.#kinds.set(name, (kind = { first: undefined, further: undefined, furtherPerCall: 0 }));
    }
    return kind;
  }
}
