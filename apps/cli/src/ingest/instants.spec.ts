import { parseDateFormat } from './date-format.js';
import { ambiguousDigits, dateAndTimeReader, instantReader, readInstant } from './instants.js';
import { zoneReader } from './zones.js';

describe('instantReader', () => {
  it.each([
    ['2000-01-03', '2000-01-03T00:00:00.000Z'],
    ['2000-02-29', '2000-02-29T00:00:00.000Z'],
    ['2000-01-03T14:30', '2000-01-03T14:30:00.000Z'],
    ['2000-01-03 14:30:15', '2000-01-03T14:30:15.000Z'],
    ['2000-01-03T14:30:15.25Z', '2000-01-03T14:30:15.250Z'],
    ['2000-01-03T14:30:15.123000000Z', '2000-01-03T14:30:15.123Z'],
    ['2000-01-03T01:30:00+02:00', '2000-01-02T23:30:00.000Z'],
    ['2000-01-03 20:00:00-0530', '2000-01-04T01:30:00.000Z'],
    ['Jan 1 2000', '2000-01-01T00:00:00.000Z'],
    ['September 30, 1999', '1999-09-30T00:00:00.000Z'],
    ['3 Feb 2001', '2001-02-03T00:00:00.000Z'],
    ['03-Feb-2001', '2001-02-03T00:00:00.000Z'],
    ['2023.03.01', '2023-03-01T00:00:00.000Z'],
    ['2023/03/01 09:30', '2023-03-01T09:30:00.000Z'],
    ['2023-01-01 00:01:00 UTC', '2023-01-01T00:01:00.000Z'],
    ['946857600', '2000-01-03T00:00:00.000Z'],
    ['946857600123', '2000-01-03T00:00:00.123Z'],
    ['1677681000.0', '2023-03-01T14:30:00.000Z'],
    ['1677681000.25', '2023-03-01T14:30:00.250Z'],
    ['1738368000000000', '2025-02-01T00:00:00.000Z'],
    ['1738335600000000000', '2025-01-31T15:00:00.000Z'],
  ])('reads %s as %s', (text, iso) => {
    expect(new Date(readInstant(text)).toISOString()).toBe(iso);
  });

  it.each([
    '01/02/2000',
    '1.2.2000',
    '01-02-00',
    '20000103',
    '202303010930',
    '20230301093000',
    '20230301093000123',
  ])('refuses %s as ambiguous', (text) => {
    expect(readInstant(text)).toMatch(/ambiguous.*--date-format/);
  });

  it.each([
    ['2001-02-29', /day of the calendar/],
    ['2000-13-01', /day of the calendar/],
    ['Feb 30 2000', /day of the calendar/],
    ['Foo 3 2000', /month/],
    ['2000-01-03T24:00', /time of the day/],
    ['2000-01-03T14:30:15.1234', /whole milliseconds/],
    ['yesterday', /must be a date/],
    ['', /must be a date/],
    ['12345', /must be a date/],
    ['0903010930', /must be a date/],
    ['2303010930', /future as epoch-s.*--date-format/],
    ['2023030109', /future as epoch-s.*--date-format/],
    ['99999999999999', /future as epoch-ms/],
    ['1738368000000001', /whole milliseconds/],
    ['1677681000.0001', /whole milliseconds/],
    ['2000-01/03', /must be a date/],
  ])('names the problem of %s', (text, reason) => {
    expect(String(readInstant(text))).toMatch(reason);
  });

  it('reads exactly the given format, in UTC', () => {
    const reader = (format: string) => instantReader({ format: parseDateFormat(format) });
    const read = reader('DD/MM/YYYY');
    expect(read('03/01/2000')).toBe(Date.UTC(2000, 0, 3));
    expect(read('2000-01-03')).toBe('must be a date in the form DD/MM/YYYY');
    expect(read('13/13/2000')).toBe('must be a date in the form DD/MM/YYYY');
    expect(reader('yyyyMMdd HH:mm')('20000103 14:30')).toBe(Date.UTC(2000, 0, 3, 14, 30));
    expect(reader('yyyy-MM-dd HH:mm ZZ')('2000-01-03 14:30 +02:00')).toBe(Date.UTC(2000, 0, 3, 12, 30));
    expect(reader('epoch-ms')('202303010930')).toBe(202303010930);
    expect(reader('epoch-s')('-1.5')).toBe(-1_500);
    expect(reader('epoch-s')('soon')).toBe('must be a number in the form epoch-s');
  });

  it('reads two-digit years as past years', () => {
    const format = parseDateFormat('MM/dd/yy');
    const read = instantReader({ format, now: Date.UTC(2026, 5, 1) });
    expect(read('06/01/26')).toBe(Date.UTC(2026, 5, 1));
    expect(read('12/31/99')).toBe(Date.UTC(1999, 11, 31));
    for (const later of ['06/03/26', '01/02/27', '01/02/55'])
      expect(read(later)).toMatch(/future.*year has two digits/);
    const whole = instantReader({ format: parseDateFormat('MM/dd/yyyy'), now: 0 });
    expect(whole('01/02/2055')).toBe(Date.UTC(2055, 0, 2));
  });

  it('refuses digits of a second beyond the format', () => {
    const read = instantReader({ format: parseDateFormat('yyyy-MM-dd HH:mm:ss.u') });
    expect(read('2000-01-03 00:00:00.5')).toBe(Date.UTC(2000, 0, 3, 0, 0, 0, 500));
    expect(read('2000-01-03 00:00:00.123000')).toBe(Date.UTC(2000, 0, 3, 0, 0, 0, 123));
    expect(read('2000-01-03 00:00:00.123456')).toBe('must have whole milliseconds');
  });

  it.each(['+14:01', '-15:00', '+99:00'])('refuses the offset %s from UTC', (offset) => {
    const read = instantReader({ format: parseDateFormat('yyyy-MM-dd HH:mm ZZ') });
    expect(read(`2000-01-03 00:00 ${offset}`)).toMatch(/offset/);
    expect(readInstant(`2000-01-03T00:00:00${offset}`)).toMatch(/offset/);
    expect(readInstant('2000-01-03T00:00:00+05:60')).toMatch(/offset/);
  });

  it('refuses a nonexistent or ambiguous time of a named zone', () => {
    const format = parseDateFormat('yyyy-MM-dd HH:mm z');
    const read = instantReader({ format });
    expect(read('2023-07-03 09:30 America/New_York')).toBe(Date.UTC(2023, 6, 3, 13, 30));
    expect(read('2023-03-12 02:30 America/New_York')).toMatch(/does not exist/);
    expect(read('2023-11-05 01:30 America/New_York')).toMatch(/exists twice/);
    const later = instantReader({ format, ambiguous: 'later' });
    expect(later('2023-11-05 01:30 America/New_York')).toBe(Date.UTC(2023, 10, 5, 6, 30));
  });
});

describe('dateAndTimeReader', () => {
  const plain = dateAndTimeReader({});
  it.each([
    ['2023-03-01', '09:30', '2023-03-01T09:30:00.000Z'],
    ['2023.03.01', '9:30:15', '2023-03-01T09:30:15.000Z'],
    ['Mar 1 2023', '09:30:15.250', '2023-03-01T09:30:15.250Z'],
    ['2023-03-01', '0930', '2023-03-01T09:30:00.000Z'],
    ['2023-03-01', '093015', '2023-03-01T09:30:15.000Z'],
    ['2023-03-01', '12:05 AM', '2023-03-01T00:05:00.000Z'],
    ['2023-03-01', '1:05 p.m.', '2023-03-01T13:05:00.000Z'],
  ])('reads %s and %s as %s', (date, time, iso) => {
    expect(new Date(plain(date, time)).toISOString()).toBe(iso);
  });

  it.each([
    ['2023-03-01', '930', /must have a time/],
    ['2023-03-01', '', /must have a time/],
    ['2023-03-01', '24:00', /time of the day/],
    ['2023-03-01', '13:00 PM', /must have a time/],
    ['2023-03-01T10:00', '09:30', /a time of its own/],
    ['1677681000', '09:30', /a time of its own/],
    ['20230301', '09:30', /ambiguous/],
  ])('refuses %s and %s', (date, time, reason) => {
    expect(String(plain(date, time))).toMatch(reason);
  });

  it('accepts a format of the date or of both', () => {
    const date = dateAndTimeReader({ format: parseDateFormat('yyyyMMdd') });
    expect(date('20230301', '153000')).toBe(Date.UTC(2023, 2, 1, 15, 30));
    const both = dateAndTimeReader({ format: parseDateFormat('yyyyMMdd HHmm') });
    expect(both('20230301', '1530')).toBe(Date.UTC(2023, 2, 1, 15, 30));
  });
});

describe('local times of a zone', () => {
  const at = (text: string, choice?: 'earlier' | 'later') =>
    instantReader({ zone: zoneReader('America/New_York', choice) })(text);

  it('reports the assumed zone only for texts without one', () => {
    expect(at('2023-03-01 09:30')).toBe(Date.UTC(2023, 2, 1, 14, 30));
    expect(at('2023-07-03 09:30')).toBe(Date.UTC(2023, 6, 3, 13, 30));
    expect(at('2023-03-01 09:30Z')).toBe(Date.UTC(2023, 2, 1, 9, 30));
    expect(at('1677681000')).toBe(1_677_681_000_000);
  });

  it('refuses a nonexistent time', () => {
    expect(at('2023-03-12 02:30')).toMatch(/does not exist in America\/New_York/);
    expect(at('2023-03-12 03:00')).toBe(Date.UTC(2023, 2, 12, 7));
  });

  it('refuses an ambiguous time unless one is chosen', () => {
    expect(at('2023-11-05 01:30')).toMatch(/exists twice in America\/New_York.*--ambiguous/);
    expect(at('2023-11-05 01:30', 'earlier')).toBe(Date.UTC(2023, 10, 5, 5, 30));
    expect(at('2023-11-05 01:30', 'later')).toBe(Date.UTC(2023, 10, 5, 6, 30));
  });

  it.each(['EST5', 'New York', '+02:00', '', '__proto__'])('refuses the zone %j', (zone) => {
    expect(() => zoneReader(zone, undefined)).toThrow(/IANA/);
  });
});

describe('digits that may be dates', () => {
  it('are ambiguous when a whole column has them', () => {
    expect(ambiguousDigits(['1703010930', '1703010931'])).toBe('yyMMddHHmm');
    expect(ambiguousDigits(['1703010930', '1677681000'])).toBeUndefined();
    expect(ambiguousDigits(['202303010930'])).toBe('yyyyMMddHHmm');
    expect(ambiguousDigits([])).toBeUndefined();
  });
});
