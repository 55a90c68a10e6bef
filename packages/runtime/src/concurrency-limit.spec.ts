import type { CallOutcome } from './call-outcome.js';
import { ConcurrencyLimit, type ConcurrencyLimitOptions } from './concurrency-limit.js';
import { ManualClock } from './manual-clock.js';
import { SeededRandom } from './seeded-random.js';
import { SimulatedServer } from './testing/simulated-server.js';

/** Calls of one operation: mean service time, and share of all calls. */
interface OfferedCalls {
  readonly operation: string;
  readonly meanMs: number;
  readonly share: number;
}

type Distribution = (meanMs: number, uniform: number) => number;
const constant: Distribution = (meanMs) => meanMs;
const uniform: Distribution = (meanMs, drawn) => meanMs * (0.5 + drawn);
const exponential: Distribution = (meanMs, drawn) => -meanMs * Math.log(1 - drawn);

const ONE = [{ operation: 'find', meanMs: 50, share: 1 }];
const QUICK_AND_SLOW = [
  { operation: 'latest', meanMs: 10, share: 0.9 },
  { operation: 'range', meanMs: 500, share: 0.1 },
];

/** Open-loop clients in front of a limited server. Calls that the limit refuses are gone. */
class LimitSimulation {
  readonly clock = new ManualClock();
  readonly server: SimulatedServer;
  readonly limit: ConcurrencyLimit;
  /** Times from admission to answer, in milliseconds. */
  durations: number[] = [];
  outcome: CallOutcome = 'success';
  /** Offered work as a share of the server's capacity at the beginning. */
  load: number;
  readonly #random: SeededRandom;
  readonly #offered: readonly OfferedCalls[];
  readonly #distribution: Distribution;
  readonly #callsPerMs: number;

  constructor(
    seed: number,
    load: number,
    { capacity = 10, offered = ONE as readonly OfferedCalls[], distribution = exponential } = {},
    options?: ConcurrencyLimitOptions,
  ) {
    this.#random = new SeededRandom(seed);
    this.#offered = offered;
    this.#distribution = distribution;
    this.#callsPerMs = capacity / offered.reduce((sum, { meanMs, share }) => sum + meanMs * share, 0);
    this.load = load;
    this.server = new SimulatedServer(this.clock, capacity);
    this.limit = new ConcurrencyLimit(this.clock, options);
    this.#arrive();
  }

  /** Lets time pass. Returns the served share of the server's capacity, and the 99th percentile of durations. */
  run(seconds: number) {
    const { server } = this;
    this.durations = [];
    server.servedMs = 0;
    this.clock.advance(seconds * 1_000);
    const sorted = this.durations.sort((a, b) => a - b);
    return {
      goodput: (server.servedMs * server.slowness) / (seconds * 1_000 * server.capacity),
      p99Ms: sorted[Math.floor(sorted.length * 0.99)]!,
    };
  }

  #arrive(): void {
    const delayMs = -Math.log(1 - this.#random.next()) / (this.#callsPerMs * this.load);
    this.clock.after(Math.min(delayMs, 10_000), () => {
      if (this.load > 0) this.#offer();
      this.#arrive();
    });
  }

  #offer(): void {
    let drawn = this.#random.next();
    const { operation, meanMs } = this.#offered.find(({ share }) => (drawn -= share) < 0)!;
    const serviceMs = this.#distribution(meanMs, this.#random.next());
    if (!this.limit.tryAcquire()) return;
    const startedAt = this.clock.now();
    this.server.run(serviceMs, () => {
      const durationMs = this.clock.now() - startedAt;
      this.durations.push(durationMs);
      this.limit.record(durationMs, this.outcome, operation);
      this.limit.release();
    });
  }
}

it('admits as many calls as the limit', () => {
  const limit = new ConcurrencyLimit(new ManualClock(), { initial: 2 });
  expect([limit.tryAcquire(), limit.tryAcquire(), limit.tryAcquire()]).toEqual([true, true, false]);
  limit.record(10, 'success');
  limit.release();
  expect([limit.inFlight, limit.tryAcquire(), limit.tryAcquire()]).toEqual([1, true, false]);
});

it('lowers the limit once for all overloaded calls of a time', () => {
  const clock = new ManualClock();
  const limit = new ConcurrencyLimit(clock, { initial: 20 });
  for (let n = 0; n < 20; n++) limit.tryAcquire();
  clock.advance(10);
  for (let n = 0; n < 10; n++) limit.record(10, 'overloaded');
  expect(limit.limit).toBe(18);
  for (let n = 0; n < 5; n++) limit.record(0, 'overloaded');
  expect(limit.limit).toBeLessThan(18);
});

it.each(['failure', 'ignored'] as const)('keeps the limit when the outcome of calls is %s', (outcome) => {
  const simulation = new LimitSimulation(1, 3);
  simulation.outcome = outcome;
  simulation.run(20);
  expect(simulation.limit.limit).toBe(20);
  expect(simulation.limit.inFlight).toBeLessThanOrEqual(20);
});

it('keeps the limit when less than half of it is used', () => {
  const simulation = new LimitSimulation(1, 0.2, { capacity: 10 }, { initial: 60 });
  simulation.run(10);
  simulation.server.slowness = 2.5;
  simulation.run(60);
  expect(simulation.limit.limit).toBe(60);
});

it('stays between minimum and maximum', () => {
  const simulation = new LimitSimulation(1, 3, { capacity: 40 }, { min: 4, max: 30, initial: 500 });
  expect(simulation.limit.limit).toBe(30);
  expect(simulation.run(20).goodput).toBeLessThanOrEqual(0.75);
  simulation.outcome = 'overloaded';
  simulation.run(20);
  expect(simulation.limit.limit).toBe(4);
});

describe.each([1, 2])('with seed %d', (seed) => {
  it.each([
    ['constant', 'one operation', constant, ONE, 3],
    ['uniform', 'one operation', uniform, ONE, 3.5],
    ['exponential', 'one operation', exponential, ONE, 8],
    ['constant', 'quick and slow operations', constant, QUICK_AND_SLOW, 1.5],
    ['uniform', 'quick and slow operations', uniform, QUICK_AND_SLOW, 2],
    ['exponential', 'quick and slow operations', exponential, QUICK_AND_SLOW, 4],
  ])('serves capacity at three times the load: %s, %s', (_, __, distribution, offered, longest) => {
    const simulation = new LimitSimulation(seed, 3, { offered, distribution });
    simulation.run(10);
    const { goodput, p99Ms } = simulation.run(30);
    expect(goodput).toBeGreaterThanOrEqual(0.9);
    expect(p99Ms).toBeLessThan(longest * Math.max(...offered.map(({ meanMs }) => meanMs)));
  });

  it('serves capacity when quick and slow calls are not distinguished', () => {
    const offered = QUICK_AND_SLOW.map((calls) => ({ ...calls, operation: '' }));
    const simulation = new LimitSimulation(seed, 3, { offered });
    simulation.run(10);
    const { goodput, p99Ms } = simulation.run(60);
    expect(goodput).toBeGreaterThanOrEqual(0.9);
    expect(p99Ms).toBeLessThan(2_000);
  });

  it.each([1, 100])('finds the capacity of the server from an initial limit of %d', (initial) => {
    const simulation = new LimitSimulation(seed, 3, { capacity: 6 }, { initial });
    simulation.run(40);
    const { goodput, p99Ms } = simulation.run(20);
    expect(goodput).toBeGreaterThanOrEqual(0.9);
    // With a limit of 100 it would be 1,000 ms and more.
    expect(p99Ms).toBeLessThan(500);
  });

  it('follows the capacity of the server', () => {
    const simulation = new LimitSimulation(seed, 6, { capacity: 8, distribution: uniform });
    simulation.run(15);
    for (const capacity of [2, 16, 8]) {
      simulation.server.capacity = capacity;
      simulation.run(15);
      const { goodput, p99Ms } = simulation.run(15);
      expect(goodput).toBeGreaterThanOrEqual(0.9);
      expect(p99Ms).toBeLessThan(300);
    }
  });

  it('serves capacity when the server becomes slower or faster', () => {
    const simulation = new LimitSimulation(seed, 4, { capacity: 6 });
    simulation.run(15);
    for (const slowness of [3, 1, 0.5]) {
      simulation.server.slowness = slowness;
      simulation.run(30);
      const { goodput, p99Ms } = simulation.run(15);
      expect(goodput).toBeGreaterThanOrEqual(0.9);
      expect(p99Ms).toBeLessThan(slowness * 600);
    }
  });

  it('serves capacity at once after an idle hour', () => {
    const simulation = new LimitSimulation(seed, 3);
    simulation.run(30);
    simulation.load = 0;
    simulation.run(3_600);
    simulation.load = 3;
    // The delay of the next arrival was drawn in the idle hour.
    simulation.run(10);
    expect(simulation.run(5).goodput).toBeGreaterThanOrEqual(0.85);
  });

  it('recovers from the minimum, also when the server is slower', () => {
    const simulation = new LimitSimulation(seed, 3);
    simulation.outcome = 'overloaded';
    simulation.run(30);
    expect(simulation.limit.limit).toBe(1);
    simulation.outcome = 'success';
    simulation.server.slowness = 3;
    simulation.run(60);
    expect(simulation.run(30).goodput).toBeGreaterThanOrEqual(0.9);
  });
});
