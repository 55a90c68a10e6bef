import fc from 'fast-check';
import { isAmbiguous, plainNumber, styleOf } from './numbers.js';

it.each([
  ['1.1e-05', '.', '0.000011'],
  ['1.2345E+8', '.', '123450000'],
  ['$20.40', '.', '20.4'],
  ['-$1,200,300.50', '.', '-1200300.5'],
  ['1,200', '.', '1200'],
  ["1'234.50", '.', '1234.5'],
  ['10,10', ',', '10.1'],
  ['1.203', ',', '1203'],
  ['1\u202f234,5 €', ',', '1234.5'],
  ['0.00012000', '.', '0.00012'],
  ['.5', '.', '0.5'],
  ['5.', '.', '5'],
  ['+007', '.', '7'],
])('plainNumber reads %s with %s as %s', (text, mark, plain) => {
  expect(plainNumber(text, mark as '.')).toBe(plain);
});

it.each([
  '',
  '-',
  '.',
  '1,5',
  '12,34,567',
  '0,123',
  '1,2345',
  '1e99',
  'USD 5',
  '5%',
  '--5',
  '1.2.3',
  '9'.repeat(65),
])('plainNumber refuses %j', (text) => {
  expect(plainNumber(text, '.')).toBeUndefined();
});

it('plainNumber keeps every digit', () => {
  const decimal = fc.tuple(fc.bigInt(-(10n ** 18n), 10n ** 18n), fc.integer({ min: -20, max: 20 }));
  fc.assert(
    fc.property(decimal, ([digits, exponent]) => {
      const plain = plainNumber(`${digits}e${exponent}`, '.')!;
      const [whole = '', fraction = ''] = plain.replace('-', '').split('.');
      const scaled = BigInt(`${whole}${fraction.padEnd(20, '0')}`) * (digits < 0n ? -1n : 1n);
      expect(scaled).toBe(digits * 10n ** BigInt(exponent + 20));
    }),
  );
});

it('styleOf recognises the decimal mark', () => {
  expect(styleOf(['10,10', '1.203', '980'])).toEqual({ mark: ',', known: true });
  expect(styleOf(['$20.40', '1,200,300'])).toEqual({ mark: '.', known: true });
  expect(styleOf(['1,203', '980'])).toEqual({ mark: '.', known: false });
  expect(styleOf(['1.5', '1,5'])).toEqual({ mark: '.', known: true });
});

it('isAmbiguous finds numbers with two readings', () => {
  expect([isAmbiguous('1,203', ','), isAmbiguous('1.203', ';')]).toEqual([true, true]);
  expect([isAmbiguous('130.123', ','), isAmbiguous('980', ';'), isAmbiguous('0,123', ',')]).toEqual([
    false,
    false,
    false,
  ]);
});
