import { printable, printableLines } from './terminal.js';

it.each([
  ['an ANSI sequence', '\u001b[31mred', '\\u001b[31mred'],
  ['a one-byte control sequence', '\u009b2J', '\\u009b2J'],
  ['a bell, a backspace and a carriage return', '\u0007\b\r', '\\u0007\\u0008\\u000d'],
  ['a bidirectional override', 'a\u202Eb\u2066c', 'a\\u202eb\\u2066c'],
  ['a zero-width space and a soft hyphen', '\u200b\u00ad', '\\u200b\\u00ad'],
  ['a tag character', '\u{e0041}', '\\udb40\\udc41'],
  ['half a pair', 'a\ud800', 'a\\ud800'],
  ['a line separator', '\u2028', '\\u2028'],
])('escapes %s', (_what, text, shown) => {
  expect(printable(text)).toBe(shown);
});

it('keeps line breaks of text with several lines', () => {
  expect(printable('a\nb')).toBe('a\\u000ab');
  expect(printableLines('a\n\u001bb')).toBe('a\n\\u001bb');
});

it('keeps letters and symbols of all languages', () => {
  expect(printable('Größe 株価 مرحبا € 📈')).toBe('Größe 株価 مرحبا € 📈');
});
