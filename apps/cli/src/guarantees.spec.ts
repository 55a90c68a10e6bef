import { tableGuarantees } from '@quantumtrade/dal-domain';
import { describeGuarantees } from './guarantees.js';

const remembers = { blocks: 1, seconds: null };
const memory = { remembers, reasons: { synced: 'it is in memory' } };
const flawed = { remembers, reasons: { ...memory.reasons, keyed: 'engine MergeTree does not replace rows' } };

it('describeGuarantees lists what all tables keep, then what some lack', () => {
  expect(
    describeGuarantees([
      tableGuarantees('bars', memory),
      tableGuarantees('features', memory),
      tableGuarantees('news', flawed),
    ]),
  ).toBe(
    'stored, replicated, distinct, idempotent; not synced: it is in memory; ' +
      'not keyed (news): engine MergeTree does not replace rows',
  );
});

it('describeGuarantees reports missing tables', () => {
  expect(describeGuarantees([tableGuarantees('bars', undefined)])).toBe('there are no tables');
  expect(describeGuarantees([tableGuarantees('news', flawed), tableGuarantees('bars', undefined)])).toMatch(
    /^nothing; not stored \(bars\): the table does not exist; not synced \(news\)/,
  );
});
