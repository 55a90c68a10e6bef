import type { IdempotencyClass } from './retry-decision.js';
import { ManualClock } from './manual-clock.js';
import { SeededRandom } from './seeded-random.js';
import { FaultyServer } from './testing/faulty-server.js';
import { ResilientClient, type ServerChoice } from './testing/resilient-client.js';

const CLASSES: readonly IdempotencyClass[] = ['read', 'tokened-insert', 'other'];
const SERVERS = 3;
/** Half of what the servers can answer. */
const CALLS_PER_SECOND = 300;
const FAULTY_MS = 30_000;
const CALM_MS = 35_000;
const LONGEST_TIMEOUT_MS = 500;

/** Takes the candidates in turn. */
class RoundRobin implements ServerChoice {
  #next = 0;
  next = (candidates: readonly number[]) => candidates[this.#next++ % candidates.length]!;
  onEnd = () => undefined;
}

/** Runs calls against servers whose faults are drawn from the seed, and end. */
function simulate(seed: number) {
  const clock = new ManualClock();
  const random = new SeededRandom(seed);
  const calmAt = clock.now() + FAULTY_MS;
  const endsAt = calmAt + CALM_MS;
  const servers = Array.from({ length: SERVERS }, () => new FaultyServer(clock, random, 4, calmAt));
  const client = new ResilientClient(clock, random, servers, new RoundRobin());
  const arrive = () => {
    if (clock.now() >= endsAt) return;
    const timeoutMs =
      clock.now() < calmAt ? 50 + random.next() * (LONGEST_TIMEOUT_MS - 50) : LONGEST_TIMEOUT_MS;
    client.call(CLASSES[Math.floor(random.next() * 3)]!, 10 + 20 * random.next(), timeoutMs);
    clock.after((-Math.log(1 - random.next()) * 1_000) / CALLS_PER_SECOND, arrive);
  };
  arrive();
  clock.set(endsAt + LONGEST_TIMEOUT_MS);
  return { client, calls: client.calls, lastAt: endsAt - 10_000 };
}

const runs = Number(process.env['QT_RUNS'] ?? 12);
const firstSeed = Number(process.env['QT_SEED'] ?? 1);
const seeds = Array.from({ length: runs }, (_, n) => firstSeed + n);

describe.each(seeds)('with faults of seed %d', (seed) => {
  const { client, calls, lastAt } = simulate(seed);

  it('ends every call by its deadline', () => {
    expect(calls.length).toBeGreaterThan(15_000);
    expect(calls.filter(({ endedAt = Infinity, deadline }) => endedAt > deadline)).toEqual([]);
  });

  it('makes no more attempts than the budget allows', () => {
    expect(client.attempts).toBeGreaterThan(calls.length);
    expect(client.attempts).toBeLessThanOrEqual(1.1 * calls.length + 10);
  });

  it('repeats nothing that may have had an effect', () => {
    const repeated = calls.filter(({ id, class: idempotency }) => {
      const begun = client.servers.map(({ server }) => server.begun.get(id) ?? 0);
      return idempotency === 'other' && begun[0]! + begun[1]! + begun[2]! > 1;
    });
    expect(repeated).toEqual([]);
  });

  it('probes a failing server once at a time', () => {
    for (const { probedAt } of client.servers) {
      expect(probedAt.length).toBeGreaterThan(0);
      const pauses = probedAt.slice(1).map((at, n) => at - probedAt[n]!);
      // The shortest open time.
      expect(Math.min(...pauses)).toBeGreaterThanOrEqual(500);
    }
  });

  it('frees the place of every call', () => {
    expect(client.servers.map(({ limit }) => limit.inFlight)).toEqual([0, 0, 0]);
  });

  it('answers all calls again when the faults are over', () => {
    const last = calls.filter(({ startedAt }) => startedAt >= lastAt);
    expect(last.filter(({ succeeded }) => !succeeded)).toEqual([]);
    const faulty = calls.filter(({ succeeded }) => !succeeded);
    expect(faulty.length).toBeGreaterThan(0);
  });
});
