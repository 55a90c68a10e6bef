import { expect, it } from '@jest/globals';
import { SeededRandom } from '@quantumtrade/dal-runtime';
import { pickEndpoint, usableEndpoints, type Candidate, type PickPurpose } from './endpoint-picker.js';

interface Named extends Candidate {
  readonly name: string;
}

const endpoint = (name: string, role: Candidate['role'], more: Partial<Candidate> = {}): Named => ({
  name,
  role,
  shard: '1',
  isHealthy: true,
  isInDoubt: false,
  cost: 1,
  ...more,
});
const namesOf = (endpoints: readonly Named[]) => endpoints.map(({ name }) => name);
const down = { isHealthy: false, isInDoubt: true };
const outlier = { isHealthy: false };

it.each([
  ['all are healthy', {}, {}, ['a', 'r'], ['a']],
  ['the primary is down', down, {}, ['r', 'b'], ['b']],
  ['the replica is down', {}, down, ['a'], ['a']],
  ['only the backup is healthy', down, down, ['b'], ['b']],
])('endpoints in use when %s', (_case, primary, replica, readable, writable) => {
  const choice = usableEndpoints([
    endpoint('a', 'primary', primary),
    endpoint('r', 'replica', replica),
    endpoint('b', 'backup'),
  ]);
  expect(namesOf(choice.readable)).toEqual(readable);
  expect(namesOf(choice.writable)).toEqual(writable);
});

it('writes go to the first primary that was not tried', () => {
  const [a, b] = [endpoint('a', 'primary', { cost: 9 }), endpoint('b', 'primary')];
  const choice = usableEndpoints([a, b]);
  const pick = (tried: Named[]) => pickEndpoint(choice, { purpose: 'primary', tried }, Math.random)?.name;
  expect([pick([]), pick([a]), pick([b]), pick([a, b])]).toEqual(['a', 'b', 'a', 'a']);
});

it('shard limits the choice', () => {
  const [a, b] = [endpoint('a', 'primary'), endpoint('b', 'primary', { shard: '2' })];
  const choice = usableEndpoints([a, b]);
  const pick = (shard: string, tried: Named[] = []) =>
    pickEndpoint(choice, { purpose: 'primary', tried, shard }, Math.random)?.name;
  expect([pick('2'), pick('2', [b]), pick('3')]).toEqual(['b', 'b', undefined]);
});

it.each([
  ['all in use were tried', [0], undefined, 'outlier'],
  ['none in use has the shard', [], '2', 'other shard'],
  ['all outliers were tried too', [0, 1], '1', 'a'],
  ['one in use was not tried', [], '1', 'a'],
])('write goes to an outlier last: %s', (_case, tried, shard, expected) => {
  const endpoints = [
    endpoint('a', 'primary'),
    endpoint('outlier', 'primary', outlier),
    endpoint('replica', 'replica', outlier),
    endpoint('down', 'primary', down),
    endpoint('backup', 'backup', outlier),
    endpoint('other shard', 'primary', { ...outlier, shard: '2' }),
  ];
  const request = { purpose: 'primary', tried: tried.map((at) => endpoints[at]!), shard } as const;
  expect(pickEndpoint(usableEndpoints(endpoints), request, Math.random)?.name).toBe(expected);
});

it('reads go to the cheaper one of two', () => {
  const choice = usableEndpoints([endpoint('slow', 'primary', { cost: 5 }), endpoint('fast', 'replica')]);
  const random = new SeededRandom(1);
  const picked = Array.from({ length: 50 }, () =>
    pickEndpoint(choice, { purpose: 'read', tried: [] }, () => random.next()),
  );
  expect(new Set(picked.map((each) => each!.name))).toEqual(new Set(['fast']));
});

it('no pick breaks the rules, whatever the endpoints', () => {
  const roles = ['primary', 'replica', 'backup'] as const;
  for (let seed = 1; seed <= 2_000; seed++) {
    const random = new SeededRandom(seed);
    const draw = <T>(values: readonly T[]): T => values[Math.floor(random.next() * values.length)]!;
    const endpoints = Array.from({ length: 1 + Math.floor(random.next() * 6) }, (_, i) =>
      endpoint(`e${i}`, draw(roles), {
        shard: draw(['1', '2']),
        isHealthy: random.next() < 0.6,
        isInDoubt: random.next() < 0.5,
        cost: random.next() * 10,
      }),
    );
    const purpose = draw<PickPurpose>(['read', 'primary']);
    const tried = endpoints.filter(() => random.next() < 0.3);
    const shard = draw(['1', '2', undefined]);
    const picked = pickEndpoint(usableEndpoints(endpoints), { purpose, tried, shard }, () => random.next());

    const hasPrimary = ({ shard: own }: Named) =>
      endpoints.some(({ role, isHealthy, shard: other }) => role === 'primary' && isHealthy && other === own);
    const fitting = endpoints.filter(
      (each) =>
        (shard === undefined || each.shard === shard) &&
        (each.role === 'primary' ||
          (each.role === 'backup' && !hasPrimary(each)) ||
          (purpose === 'read' && each.role === 'replica')),
    );
    const inUse = fitting.filter(({ isHealthy }) => isHealthy);
    const isUntried = (each: Named) => !tried.includes(each);
    const lastResorts = fitting.filter((each) => !each.isHealthy && !each.isInDoubt && isUntried(each));
    const allowed = inUse.some(isUntried) || lastResorts.length === 0 ? inUse : lastResorts;
    const label = `seed ${seed}`;
    if (allowed.length === 0) expect([label, picked]).toEqual([label, undefined]);
    else {
      expect([label, allowed.includes(picked!)]).toEqual([label, true]);
      const hasUntried = allowed.some(isUntried);
      expect([label, tried.includes(picked!) && hasUntried]).toEqual([label, false]);
    }
  }
});

it('reads spread by latency, load and weight', () => {
  const random = new SeededRandom(7);
  const latencies = [1, 1, 4];
  const weights = [1, 2, 1];
  const running = [0, 0, 0];
  const counts = [0, 0, 0];
  const endpoints = latencies.map((latencyMs, i) => ({
    ...endpoint(String(i), 'replica'),
    get cost() {
      return (latencyMs * (1 + running[i]!)) / weights[i]!;
    },
  }));
  const choice = usableEndpoints(endpoints);
  // Each step begins a call; a call takes as many steps as its latency, and 6 are under way.
  const ends: { at: number; index: number }[] = [];
  for (let step = 0; step < 6_000; step++) {
    for (const end of ends.filter(({ at }) => at <= step)) {
      running[end.index]!--;
      ends.splice(ends.indexOf(end), 1);
    }
    const index = Number(pickEndpoint(choice, { purpose: 'read', tried: [] }, () => random.next())!.name);
    counts[index]!++;
    running[index]!++;
    ends.push({ at: step + 6 * latencies[index]!, index });
  }
  expect(counts[1]! / counts[0]!).toBeGreaterThan(1.3);
  expect(counts[0]! / counts[2]!).toBeGreaterThan(1.8);
});
