import { readdirSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { createRequire } from 'node:module';
import { memoryTimeSeries } from './time-series.js';

it('has as many versions as there are migrations', async () => {
  const folder = dirname(createRequire(import.meta.url).resolve('@quantumtrade/dal-migrations/package.json'));
  const ups = readdirSync(join(folder, 'clickhouse')).filter((file) => file.endsWith('.up.sql'));
  expect(await memoryTimeSeries().schema.version()).toBe(ups.length);
});
