import { table, toJson } from './output.js';

describe('output', () => {
  it('aligns columns, numbers to the right', () => {
    const rows = [
      { name: 'a', price: 1.5, at: new Date(0), more: null },
      { name: 'longer', price: 1000, at: new Date(1), more: { x: 1 } },
    ];
    expect(table(rows)).toBe(
      [
        'name    price  at                        more',
        '------  -----  ------------------------  -------',
        'a         1.5  1970-01-01T00:00:00.000Z',
        'longer   1000  1970-01-01T00:00:00.001Z  {"x":1}',
      ].join('\n'),
    );
  });

  it('escapes control characters of cells', () => {
    const rows = [{ name: 'a\n\u001b[2Jb', text: { x: '\u202e' } }];
    expect(table(rows).split('\n')[2]).toBe('a\\u000a\\u001b[2Jb  {"x":"\\u202e"}');
  });

  it('escapes characters that JSON leaves raw', () => {
    const document = { name: '\u009b2J\u202e\u007f\u{e0041}', lines: 'a\nb' };
    expect(toJson(document)).not.toMatch(/[\p{Cf}\u007f-\u009f]/u);
    expect(JSON.parse(toJson(document))).toEqual(document);
  });

  it('writes 64-bit integers to JSON exactly', () => {
    expect(JSON.parse(toJson({ volume: 18446744073709551615n }))).toEqual({ volume: '18446744073709551615' });
  });
});
