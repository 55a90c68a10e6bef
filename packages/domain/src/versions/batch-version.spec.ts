import { Invalid } from '../records/kinds/kind.js';
import { drawVersion, hasOwnTime } from './batch-version.js';
import { VersionClock } from './version-clock.js';

it('refuses null as the time of a batch, whatever the record', () => {
  const clock = new VersionClock({ now: () => 0 });
  const marketData = { source: 's', records: [], timestamp: null as never };
  expect(() => drawVersion('marketData', marketData, clock)).toThrow(/timestamp - is required/);
  const features = { symbol: 'A', timestamp: 0, version: 1, features: {}, computedAt: null as never };
  expect(drawVersion('features', [features], clock)).toEqual([new Invalid('is required')]);
});

it('hasOwnTime finds the time of a batch, or of one of its feature sets', () => {
  const set = { symbol: 'A', timestamp: 0, version: 1, features: {} };
  const marketData = { source: 's', records: [] };
  expect(hasOwnTime('marketData', marketData)).toBe(false);
  expect(hasOwnTime('marketData', { ...marketData, timestamp: 0 })).toBe(true);
  expect(hasOwnTime('features', [set, set])).toBe(false);
  expect(hasOwnTime('features', [set, { ...set, computedAt: 0 }])).toBe(true);
  expect(hasOwnTime('features', { columns: { symbol: [] }, timestamp: 0 } as never)).toBe(true);
  expect(hasOwnTime('features', [null as never, { ...set, computedAt: 0 }])).toBe(true);
});
