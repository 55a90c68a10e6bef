import { instantReader, readInstant } from './instants.js';

describe('reading an instant', () => {
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
    ['946857600', '2000-01-03T00:00:00.000Z'],
    ['946857600123', '2000-01-03T00:00:00.123Z'],
  ])('takes %s as %s', (text, iso) => {
    expect(new Date(readInstant(text)).toISOString()).toBe(iso);
  });

  it.each(['01/02/2000', '1.2.2000', '01-02-00', '20000103'])('refuses %s as ambiguous', (text) => {
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
  ])('says what is wrong with %s', (text, reason) => {
    expect(String(readInstant(text))).toMatch(reason);
  });

  it('follows a given form to the letter, in UTC', () => {
    const read = instantReader('DD/MM/YYYY');
    expect(read('03/01/2000')).toBe(Date.UTC(2000, 0, 3));
    expect(read('2000-01-03')).toBe('must be a date in the form DD/MM/YYYY');
    expect(read('13/13/2000')).toBe('must be a date in the form DD/MM/YYYY');
    expect(instantReader('yyyyMMdd HH:mm')('20000103 14:30')).toBe(Date.UTC(2000, 0, 3, 14, 30));
  });
});
