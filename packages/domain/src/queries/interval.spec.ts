import fc from 'fast-check';
import { MAX_INSTANT, MIN_INSTANT } from '../records/kinds/number.js';
import { bucketStart, bucketWidth } from './interval.js';

const start = (interval: string, instant: number) => bucketStart(bucketWidth(interval, 'test'), instant);
const instants = fc.oneof(
  fc.integer({ min: MIN_INSTANT, max: MAX_INSTANT }),
  fc.integer({ min: -(10 ** 10), max: 10 ** 10 }),
);

/** Bucket starts computed with calendar functions only. */
const oracles: Record<string, (date: Date) => number> = {
  '1s': (date) => date.setUTCMilliseconds(0),
  '1m': (date) => date.setUTCSeconds(0, 0),
  '15m': (date) => date.setUTCMinutes(Math.floor(date.getUTCMinutes() / 15) * 15, 0, 0),
  '1h': (date) => date.setUTCMinutes(0, 0, 0),
  '6h': (date) => date.setUTCHours(Math.floor(date.getUTCHours() / 6) * 6, 0, 0, 0),
  '1d': (date) => date.setUTCHours(0, 0, 0, 0),
  '1w': (date) => {
    date.setUTCHours(0, 0, 0, 0);
    return date.setUTCDate(date.getUTCDate() - ((date.getUTCDay() + 6) % 7));
  },
  '1mo': (date) => Date.UTC(date.getUTCFullYear(), date.getUTCMonth()),
  '3mo': (date) => Date.UTC(date.getUTCFullYear(), Math.floor(date.getUTCMonth() / 3) * 3),
  '1q': (date) => Date.UTC(date.getUTCFullYear(), Math.floor(date.getUTCMonth() / 3) * 3),
  '1y': (date) => Date.UTC(date.getUTCFullYear(), 0),
  '10y': (date) => Date.UTC(Math.floor(date.getUTCFullYear() / 10) * 10, 0),
};

describe('bucketStart', () => {
  it.each(Object.entries(oracles))('bucketStart of %s agrees with the calendar', (interval, oracle) => {
    fc.assert(
      fc.property(instants, (instant) => {
        expect(start(interval, instant)).toBe(oracle(new Date(instant)));
      }),
    );
  });

  it('bucketStart is the first instant of its bucket for any width', () => {
    const intervals = fc
      .tuple(fc.integer({ min: 1, max: 900 }), fc.constantFrom('s', 'm', 'h', 'd', 'w', 'mo', 'q', 'y'))
      .map(([count, unit]) => `${count}${unit}`);
    fc.assert(
      fc.property(intervals, instants, (interval, instant) => {
        const first = start(interval, instant);
        expect(first).toBeLessThanOrEqual(instant);
        expect(start(interval, first)).toBe(first);
        expect(start(interval, first - 1)).toBeLessThan(first);
      }),
    );
  });

  it('bucketStart of two weeks is a Monday, counted from 1969-12-29', () => {
    const monday = Date.UTC(1969, 11, 29);
    expect(start('2w', monday)).toBe(monday);
    expect(start('2w', Date.UTC(1970, 0, 12) - 1)).toBe(monday);
    expect(start('2w', monday - 1)).toBe(Date.UTC(1969, 11, 15));
  });
});

describe('bucketWidth', () => {
  it.each(['', '0m', '00d', '1', 'm', '-1d', '1.5h', '1 d', '1M', '5min', '1d\n', '1001y', '60000w', '1e3s'])(
    'bucketWidth refuses %j',
    (interval) => {
      expect(() => bucketWidth(interval, 'test')).toThrow(
        expect.objectContaining({ code: 'VALIDATION', field: 'interval' }),
      );
    },
  );

  it('bucketWidth accepts up to a thousand years', () => {
    expect(bucketWidth('1000y', 'test')).toEqual({ kind: 'calendar', months: 12_000 });
    expect(Number.isNaN(start('1000y', MIN_INSTANT))).toBe(false);
    expect(bucketWidth('31557600000s', 'test')).toMatchObject({ widthMs: 31_557_600_000_000 });
  });
});
