import { readdirSync } from 'node:fs';
import { packagedMigrations } from '@quantumtrade/dal-migrations';
import { memoryTimeSeries } from './time-series.js';

it('has as many versions as there are migrations', async () => {
  const ups = readdirSync(packagedMigrations).filter((file) => file.endsWith('.up.sql'));
  expect(await memoryTimeSeries().schema.version()).toBe(ups.length);
});
