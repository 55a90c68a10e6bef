import { memoryCacheBackend } from './cache/cache-backend.js';
import { memoryTimeSeries } from './time-series.js';

it.each<[object | null, string]>([
  [{ clok: {} }, 'clok'],
  [{ clock: {} }, 'clock'],
  [{ clock: null }, 'clock'],
  [{ maxFutureSkewMs: NaN }, 'maxFutureSkewMs'],
  [{ maxFutureSkewMs: '5' }, 'maxFutureSkewMs'],
  [null, 'settings'],
])('a backend in memory refuses the settings %j by name', (settings, field) => {
  const refusal = expect.objectContaining({ code: 'VALIDATION', field });
  expect(() => memoryTimeSeries(settings as object)).toThrow(refusal);
  if (field !== 'maxFutureSkewMs') expect(() => memoryCacheBackend(settings as object)).toThrow(refusal);
});
