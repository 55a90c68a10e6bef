import { Invalid } from '../records/field.js';
import { drawVersion } from './batch-version.js';
import { VersionClock } from './version-clock.js';

it('refuses null as the time of a batch, whatever the record', () => {
  const clock = new VersionClock({ now: () => 0 });
  const marketData = { source: 's', records: [], timestamp: null as never };
  expect(() => drawVersion('marketData', marketData, clock)).toThrow(/timestamp - is required/);
  const features = { symbol: 'A', timestamp: 0, version: 1, features: {}, computedAt: null as never };
  expect(drawVersion('features', [features], clock)).toEqual([new Invalid('is required')]);
});
