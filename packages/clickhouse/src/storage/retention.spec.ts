import { recordNames } from '@quantumtrade/dal-domain';
import { connectClickHouse } from '../backend.js';
import type { RetentionSettings } from '../settings.js';
import { RETENTION_SETTINGS } from '../settings.js';
import { completeRetention, ttlOf, ttlsByTable } from './retention.js';

const complete = (given: RetentionSettings) => completeRetention(given, 'test');

it('retention is declared for every record', () => {
  expect(Object.keys(RETENTION_SETTINGS)).toEqual([...recordNames]);
});

it('ttl has the actions of a rule in order', () => {
  const rule = {
    ...{ deleteAfterDays: 365, moveAfterDays: 90, moveToVolume: 'cold' },
    ...{ recompressAfterDays: 30, recompressLevel: 9 },
  };
  expect(ttlOf(complete({ marketData: rule }).marketData)).toBe(
    "timestamp + toIntervalDay(90) TO VOLUME 'cold', " +
      'timestamp + toIntervalDay(30) RECOMPRESS CODEC(ZSTD(9)), timestamp + toIntervalDay(365)',
  );
  expect([...ttlsByTable(complete({ outcomes: { deleteAfterDays: 1 }, features: {} }))]).toEqual([
    ['prediction_outcomes', 'timestamp + toIntervalDay(1)'],
  ]);
});

it('a record without a rule has no ttl', () => {
  expect(ttlOf(complete({}).marketData)).toBeNull();
  expect(ttlOf(complete({ marketData: {} }).marketData)).toBeNull();
});

it.each<[string, object]>([
  ['retention.bars', { bars: {} }],
  ['retention.marketData.deleteAfter', { marketData: { deleteAfter: 1 } }],
  ['retention.marketData.deleteAfterDays', { marketData: { deleteAfterDays: -1 } }],
  ['retention.marketData.deleteAfterDays', { marketData: { deleteAfterDays: 0.5 } }],
  ['retention.marketData.deleteAfterDays', { marketData: { deleteAfterDays: 40_000 } }],
  ['retention.features.moveToVolume', { features: { moveAfterDays: 1 } }],
  ['retention.features.moveAfterDays', { features: { moveToVolume: 'cold' } }],
  ['retention.features.moveToVolume', { features: { moveAfterDays: 1, moveToVolume: "c'" } }],
  [
    'retention.features.moveAfterDays',
    { features: { moveAfterDays: 5, moveToVolume: 'cold', deleteAfterDays: 5 } },
  ],
  ['retention.outcomes.recompressAfterDays', { outcomes: { recompressAfterDays: 9, deleteAfterDays: 5 } }],
  ['retention.outcomes.recompressLevel', { outcomes: { recompressAfterDays: 9, recompressLevel: 23 } }],
])('%s is refused by name when it is wrong', (field, retention) => {
  const open = () => connectClickHouse({ url: 'http://127.0.0.1:9' }, { retention });
  expect(open).toThrow(expect.objectContaining({ code: 'VALIDATION', field }));
});
