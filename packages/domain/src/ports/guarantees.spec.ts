import { GUARANTEES, LOSSLESS, tableGuarantees, unmetGuarantees } from './guarantees.js';

const remembers = { blocks: 10, seconds: null };
const tables = [
  tableGuarantees('whole', { remembers, reasons: {} }),
  tableGuarantees('flawed', { remembers, reasons: { synced: 'fsync is off', idempotent: 'window is 0' } }),
  tableGuarantees('absent', undefined),
];

it('a table keeps every guarantee without a reason against it', () => {
  const [whole, flawed, absent] = tables;
  expect(whole).toMatchObject({ exists: true, keeps: GUARANTEES, missing: [], remembers });
  expect(flawed!.keeps).toEqual(['stored', 'replicated', 'distinct', 'keyed']);
  expect(flawed!.missing).toEqual([
    { guarantee: 'synced', reason: 'fsync is off' },
    { guarantee: 'idempotent', reason: 'window is 0' },
  ]);
  expect(absent).toMatchObject({ exists: false, keeps: [], remembers: { blocks: 0, seconds: null } });
  expect(absent!.missing.map(({ guarantee }) => guarantee)).toEqual(GUARANTEES);
});

it('unmetGuarantees names each table that lacks a required guarantee', () => {
  expect(unmetGuarantees(tables, LOSSLESS)).toEqual([
    'the schema is not initialized: there is no absent',
    'flawed is not idempotent: window is 0',
  ]);
  expect(unmetGuarantees(tables.slice(0, 2), ['synced'])).toEqual(['flawed is not synced: fsync is off']);
  expect(unmetGuarantees(tables, [])).toEqual([]);
});
