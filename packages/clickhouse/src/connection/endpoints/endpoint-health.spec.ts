import { expect, it } from '@jest/globals';
import { ManualClock, SeededRandom } from '@quantumtrade/dal-runtime';
import { EndpointHealth, isOutlier } from './endpoint-health.js';

const OPTIONS = {
  failuresToEject: 3,
  ejectionMs: 30_000,
  maxEjectionMs: 100_000,
  probeIntervalMs: 1_000,
  sweepIntervalMs: 10_000,
};

function healthy(): { clock: ManualClock; health: EndpointHealth } {
  const clock = new ManualClock();
  return { clock, health: new EndpointHealth(clock, OPTIONS) };
}

function probe(health: EndpointHealth, isAnswered: boolean): boolean {
  health.beginProbe();
  return health.endProbe(isAnswered);
}

it('three connection errors in a row ask for an ejection', () => {
  const { health } = healthy();
  expect([1, 2].map(() => health.record('connection-error'))).toEqual([false, false]);
  expect(health.record('answer')).toBe(false);
  expect([1, 2, 3].map(() => health.record('connection-error'))).toEqual([false, false, true]);
});

it('errors of the server itself ask for no ejection', () => {
  const { health } = healthy();
  expect([1, 2, 3, 4].map(() => health.record('server-error'))).not.toContain(true);
  expect(health.counts).toEqual({ attempts: 4, failures: 4 });
});

it('unreachable endpoint is probed at once and returns with the first answer', () => {
  const { clock, health } = healthy();
  health.eject('unreachable');
  expect(health.state).toBe('probation');
  expect(health.mayProbe(false)).toBe(true);
  probe(health, false);
  expect(health.mayProbe(false)).toBe(false);
  clock.advance(1_000);
  expect(health.mayProbe(false)).toBe(true);
  probe(health, true);
  expect(health.state).toBe('healthy');
});

it('one probe is under way at a time', () => {
  const { clock, health } = healthy();
  health.eject('unreachable');
  health.beginProbe();
  clock.advance(5_000);
  expect(health.mayProbe(true)).toBe(false);
  health.endProbe(false);
  expect(health.mayProbe(false)).toBe(true);
});

it('ejections of an outlier grow to their limit', () => {
  const { clock, health } = healthy();
  const times = [1, 2, 3, 4, 5].map(() => {
    const since = clock.now();
    health.eject('outlier');
    while (health.state === 'ejected') clock.advance(1_000);
    probe(health, true);
    return clock.now() - since;
  });
  expect(times).toEqual([30_000, 60_000, 90_000, 100_000, 100_000]);
});

it('endpoint that soon is unreachable again waits for its probe', () => {
  const { clock, health } = healthy();
  health.eject('unreachable');
  probe(health, true);
  health.eject('unreachable');
  expect(health.state).toBe('ejected');
  expect(health.mayProbe(false)).toBe(false);
  clock.advance(30_000);
  expect(health.mayProbe(false)).toBe(true);
});

it('ejected endpoint is probed before its time when that is needed', () => {
  const { clock, health } = healthy();
  health.eject('outlier');
  clock.advance(1_000);
  expect([health.mayProbe(false), health.mayProbe(true)]).toEqual([false, true]);
});

it('probe before its time brings back no outlier that answered last', () => {
  const { health } = healthy();
  health.eject('outlier');
  probe(health, true);
  expect(health.state).toBe('ejected');
  probe(health, false);
  probe(health, true);
  expect(health.state).toBe('healthy');
});

it('each sweep interval of health takes back an ejection', () => {
  const { clock, health } = healthy();
  for (let i = 0; i < 2; i++) {
    health.eject('unreachable');
    probe(health, true);
  }
  const counts = [1, 2, 3].map(() => {
    clock.advance(10_000);
    health.sweep();
    return health.ejections;
  });
  expect(counts).toEqual([1, 0, 0]);
});

/** Runs a random sequence and returns the first step that breaks a rule. */
function firstViolation(seed: number): string | undefined {
  const random = new SeededRandom(seed);
  const { clock, health } = healthy();
  let probedAt = -Infinity;
  let isProbing = false;
  let inARow = 0;
  for (let step = 0; step < 200; step++) {
    const violation = (rule: string) => `seed ${seed}, step ${step}: ${rule}`;
    const before = health.state;
    const choice = random.next();
    let mayReturn = false;
    if (choice < 0.3) clock.advance(Math.floor(random.next() * 20_000));
    else if (choice < 0.6) {
      const evidence = (['answer', 'server-error', 'connection-error'] as const)[
        Math.floor(random.next() * 3)
      ]!;
      inARow = evidence === 'connection-error' ? inARow + 1 : 0;
      const asks = health.record(evidence);
      if (asks !== (before === 'healthy' && inARow >= 3)) return violation('ejection after three in a row');
      if (asks) health.eject('unreachable');
    } else if (choice < 0.65) health.eject('outlier');
    else if (isProbing) {
      if (health.mayProbe(true)) return violation('one probe at a time');
      isProbing = false;
      mayReturn = random.next() < 0.5;
      inARow = mayReturn ? 0 : inARow + 1;
      if (health.endProbe(mayReturn)) health.eject('unreachable');
    } else if (health.mayProbe(random.next() < 0.1)) {
      if (clock.now() - probedAt < 1_000) return violation('one probe an interval');
      probedAt = clock.now();
      isProbing = true;
      health.beginProbe();
    } else health.sweep();
    if (before !== 'healthy' && !mayReturn && health.isHealthy) return violation('return by a probe alone');
  }
  return undefined;
}

it('states follow the rules in any sequence of evidence', () => {
  const violations = Array.from({ length: 300 }, (_, seed) => firstViolation(seed));
  expect(violations.filter((each) => each !== undefined)).toEqual([]);
});

it.each([
  [
    'fails half of its calls and the others few',
    { attempts: 20, failures: 10 },
    [{ attempts: 50, failures: 1 }],
    true,
  ],
  ['fails as often as the others', { attempts: 20, failures: 10 }, [{ attempts: 20, failures: 10 }], false],
  ['was called too rarely', { attempts: 19, failures: 19 }, [{ attempts: 50, failures: 0 }], false],
  ['fails one call in five', { attempts: 50, failures: 10 }, [{ attempts: 50, failures: 0 }], false],
  ['fails and the others are not called', { attempts: 20, failures: 20 }, [], true],
])('endpoint that %s: outlier %p', (_case, own, others, expected) => {
  expect(isOutlier(own, others)).toBe(expected);
});
