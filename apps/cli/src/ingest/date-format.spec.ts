import { UsageError } from '../exit-codes.js';
import { parseDateFormat } from './date-format.js';

describe('parseDateFormat', () => {
  it.each([
    ['MM/dd/yyyy', false, false],
    ['DD.MM.YYYY', false, false],
    ['yyyy-ooo', false, false],
    ["yyyy-MM-dd'T'HH:mm:ss.SSS ZZ", true, true],
    ['d MMM yy h:mm a', true, false],
    ['EEE, d LLL yyyy', false, false],
  ])('accepts %s', (format, hasTime, hasZone) => {
    expect(parseDateFormat(format)).toMatchObject({ kind: 'calendar', hasTime, hasZone });
  });

  it.each([
    ['mm/dd/yyyy', /mm is the minutes, and there is no month: the month is MM/],
    ['dd/yyyy', /no month/],
    ['MM/yyyy', /no day/],
    ['MM/dd', /no year/],
    ['', /no year/],
    ['dd/MM/yyyy mm', /mm is the minutes, and there is no hour/],
    ['dd/MM/yyyy HH:ss', /seconds, but no minutes/],
    ['dd/MM/yyyy hh:mm', /hh needs AM or PM/],
    ['dd/MM/MM/yyyy', /both the month/],
    ['yyyy-MM-ddTHH:mm', /T means nothing here; put letters into 'quotes'/],
    ['yyyy-MM-dd HH:mm:ss.S', /S counts milliseconds: write SSS, or u for any fraction/],
    ['epoch', /means nothing/],
    [`${'y'.repeat(10)}${'x'.repeat(100_000)}`, /means nothing/],
  ])('refuses %s', (format, message) => {
    expect(() => parseDateFormat(format)).toThrow(message);
    expect(() => parseDateFormat(format)).toThrow(UsageError);
  });
});
