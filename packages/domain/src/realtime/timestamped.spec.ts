import { timestampOf } from './timestamped.js';

it.each([
  ['1970-01-01T00:00Z', 0],
  ['1970-01-01T00:00:01Z', 1_000],
  ['1970-01-01T00:00:01.5Z', 1_500],
  ['1970-01-01T00:00:01.123999Z', 1_123],
  ['1969-12-31T23:59:59.999Z', -1],
])('timestampOf reads %s as %d', (timestamp, ms) => {
  expect(timestampOf({ timestamp })).toBe(ms);
});

it.each([
  [{}],
  [null],
  [[]],
  ['1970-01-01T00:00:00Z'],
  [{ timestamp: 0 }],
  [{ timestamp: new Date(0) }],
  [{ timestamp: '1970-01-01' }],
  [{ timestamp: '1970-01-01T00:00:00' }],
  [{ timestamp: '1970-01-01T00:00:00+00:00' }],
  [{ timestamp: '1970-13-01T00:00:00Z' }],
  [{ timestamp: 'Thu, 01 Jan 1970 00:00:00 GMT' }],
])('timestampOf finds no instant in %j', (value) => {
  expect(timestampOf(value)).toBeUndefined();
});
