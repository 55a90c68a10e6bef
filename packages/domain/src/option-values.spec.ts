import { requireOneOf, requireType, requireWholeNumber } from './option-values.js';

const operation = 'op';
const refusal = (field: string, reason: unknown = expect.any(String)) =>
  expect.objectContaining({ code: 'VALIDATION', field, reason, operation });

it('passes options that are not given or right', () => {
  requireWholeNumber('rows', undefined, operation);
  requireWholeNumber('rows', 7, operation, { min: 7, max: 7 });
  requireOneOf('mode', undefined, ['a'], operation);
  requireOneOf('mode', 'a', ['a'], operation);
  requireType('listener', undefined, 'function', operation);
  requireType('listener', () => 0, 'function', operation);
});

it.each([NaN, Infinity, 1.5, -1, '1', null, 1n, {}])('refuses %p where a whole number must be', (value) => {
  expect(() => requireWholeNumber('rows', value, operation)).toThrow(
    refusal('rows', 'must be a whole number of at least 0'),
  );
});

it('names the range, the values or the type that would be right', () => {
  expect(() => requireWholeNumber('rows', 9, operation, { min: 1, max: 8 })).toThrow(
    refusal('rows', 'must be a whole number from 1 to 8'),
  );
  expect(() => requireOneOf('mode', 'A', ['a', 'b'], operation)).toThrow(
    refusal('mode', 'must be one of a, b'),
  );
  expect(() => requireType('timers', null, 'object', operation)).toThrow(
    refusal('timers', 'must be an object'),
  );
});
