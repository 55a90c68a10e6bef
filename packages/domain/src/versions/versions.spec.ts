import { Invalid } from '../records/kinds/kind.js';
import { drawVersion, hasOwnTime, versionAt, VersionClock } from './versions.js';

const NOW = Date.UTC(2025, 0, 1);

function clockAt(now: number) {
  const clock = { time: now, now: () => clock.time };
  return clock;
}

const msOf = (version: bigint | Invalid): number => Number((version as bigint) / versionAt(1));

describe('a version without a batch time', () => {
  it('VersionClock.next returns the current time when the clock advances', () => {
    const clock = clockAt(NOW);
    const versions = new VersionClock(clock);
    expect(versions.next()).toBe(versionAt(NOW));
    clock.time += 5;
    expect(versions.next()).toBe(versionAt(NOW + 5));
  });

  it('VersionClock.next increases when the clock stands still or goes back', () => {
    const clock = clockAt(NOW);
    const versions = new VersionClock(clock);
    let last = versions.next();
    for (let n = 0; n < 5_000; n++) {
      if (n === 2_000) clock.time -= 3_600_000;
      const next = versions.next();
      expect(next > last).toBe(true);
      last = next;
    }
    expect(msOf(last)).toBe(NOW + 5);
  });

  it('VersionClock.next is greater than explicit versions ahead of the clock', () => {
    const versions = new VersionClock(clockAt(NOW));
    const ahead = versions.at(NOW + 60_000) as bigint;
    expect(versions.next() > ahead).toBe(true);
  });

  it.each([1.5, -3 * 86_400_000 * 365 * 100, Infinity, NaN, Date.UTC(9999, 0)])(
    'VersionClock.next increases when the clock reads %p',
    (now) => {
      const versions = new VersionClock(clockAt(now));
      const first = versions.next();
      expect(versions.next() > first).toBe(true);
    },
  );
});

describe('a version of a batch time', () => {
  it('VersionClock.at returns a later version within the batch millisecond', () => {
    const versions = new VersionClock(clockAt(NOW));
    const drawn = [versions.next(), versions.at(NOW), versions.at(NOW), versions.at(NOW - 1)] as bigint[];
    expect(drawn.map(msOf)).toEqual([NOW, NOW, NOW, NOW - 1]);
    expect(drawn[0]! < drawn[1]! && drawn[1]! < drawn[2]! && drawn[3]! < drawn[0]!).toBe(true);
  });

  it('VersionClock.at increases with each draw of one time', () => {
    const versions = new VersionClock(clockAt(NOW));
    let last = versions.at(5) as bigint;
    for (let round = 0; round < 5; round++) {
      for (let n = 0; n < 20_000; n++) versions.at(1_000 * n + 86_400_000 * round);
      const next = versions.at(5) as bigint;
      expect(next > last).toBe(true);
      expect(msOf(next)).toBe(5);
      last = next;
    }
  });

  it('VersionClock.at repeats a version only after it is settled', () => {
    const versions = new VersionClock(clockAt(NOW));
    const drawn = [versions.at(-7), versions.at(-7)] as bigint[];
    expect(drawn[1]).toBe(drawn[0]! + 1n);
    versions.settle(drawn[0]!);
    expect(versions.at(-7)).toBe(drawn[1]! + 1n);
    versions.settle(drawn[1]!);
    versions.settle(drawn[1]! + 1n);
    expect(versions.at(-7)).toBe(drawn[1]! + 1n);
  });

  it('settled versions are the same in every process', () => {
    const [one, other] = [1, 2].map(() => new VersionClock(clockAt(NOW)));
    const draw = (versions: VersionClock) => {
      const version = versions.at(5) as bigint;
      versions.settle(version);
      return version;
    };
    for (let n = 0; n < 3; n++) draw(one!);
    expect(draw(one!)).toBe(draw(other!));
  });

  it('VersionClock.at stays within its millisecond after 100,000 draws', () => {
    const versions = new VersionClock(clockAt(NOW));
    let last = 0n;
    for (let n = 0; n < 100_010; n++) last = versions.at(7) as bigint;
    expect(last).toBe(versionAt(8) - 1n);
  });

  it('VersionClock.at refuses a time beyond the maximum skew', () => {
    const clock = clockAt(NOW);
    const versions = new VersionClock(clock, 2_000);
    expect(versions.at(NOW + 2_000)).toBe(versionAt(NOW + 2_000));
    expect(versions.at(NOW + 2_001)).toEqual(new Invalid('must not lie more than 2 s in the future'));
    clock.time += 1;
    expect(versions.at(NOW + 2_001)).toBe(versionAt(NOW + 2_001));
  });
});

it.each([-1, NaN, '5'])('VersionClock refuses %p as the maximum skew', (skew) => {
  expect(() => new VersionClock(clockAt(NOW), skew as number)).toThrow(/maxFutureSkewMs - must be 0 or more/);
});

it('version clocks of one clock share the drawn versions', () => {
  const clock = clockAt(NOW);
  const [one, other] = [new VersionClock(clock), new VersionClock(clock)];
  const drawn = [one.next(), other.next(), one.at(NOW), other.at(NOW)] as bigint[];
  expect(drawn).toEqual([...drawn].sort((a, b) => (a < b ? -1 : 1)));
  expect(new Set(drawn).size).toBe(4);
});

it('drawVersion refuses null as the time of a batch', () => {
  const clock = new VersionClock({ now: () => 0 });
  const marketData = { source: 's', records: [], timestamp: null as never };
  expect(() => drawVersion('marketData', marketData, clock)).toThrow(/timestamp - is required/);
  const features = { symbol: 'A', timestamp: 0, version: 1, features: {}, computedAt: null as never };
  expect(drawVersion('features', [features], clock)).toEqual([new Invalid('is required')]);
});

it('hasOwnTime finds the time of a batch or feature set', () => {
  const set = { symbol: 'A', timestamp: 0, version: 1, features: {} };
  const marketData = { source: 's', records: [] };
  expect(hasOwnTime('marketData', marketData)).toBe(false);
  expect(hasOwnTime('marketData', { ...marketData, timestamp: 0 })).toBe(true);
  expect(hasOwnTime('features', [set, set])).toBe(false);
  expect(hasOwnTime('features', [set, { ...set, computedAt: 0 }])).toBe(true);
  expect(hasOwnTime('features', { columns: { symbol: [] }, timestamp: 0 } as never)).toBe(true);
  expect(hasOwnTime('features', [null as never, { ...set, computedAt: 0 }])).toBe(true);
});
