import { table, toJson } from './output.js';

describe('what a command prints', () => {
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

  it('writes 64-bit integers into JSON without losing any digit', () => {
    expect(JSON.parse(toJson({ volume: 18446744073709551615n }))).toEqual({ volume: '18446744073709551615' });
  });
});
