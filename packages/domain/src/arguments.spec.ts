import { requireKnownKeys, requireOneOf, requireType, requireWholeNumber } from './arguments.js';

describe('known keys', () => {
  const check = (given: object, path?: string) => () =>
    requireKnownKeys(given, ['signal', 'deadline'], 'marketData.find', path);

  it('accepts objects that have only known keys', () => {
    expect(check({ signal: undefined })).not.toThrow();
  });

  it('refuses an unknown key by name and suggests the closest', () => {
    expect(check({ deadlin: 1 })).toThrow(
      expect.objectContaining({ field: 'deadlin', reason: 'unknown key, did you mean "deadline"?' }),
    );
  });

  it('names the path of an object inside an option', () => {
    expect(check({ max: 1 }, 'retry')).toThrow(expect.objectContaining({ field: 'retry.max' }));
  });
});

const operation = 'op';
const refusal = (field: string, reason: unknown = expect.any(String)) =>
  expect.objectContaining({ code: 'VALIDATION', field, reason, operation });

it('accepts options that are absent or valid', () => {
  requireWholeNumber('rows', undefined, operation);
  requireWholeNumber('rows', 7, operation, { min: 7, max: 7 });
  requireOneOf('mode', undefined, ['a'], operation);
  requireOneOf('mode', 'a', ['a'], operation);
  requireType('listener', undefined, 'function', operation);
  requireType('listener', () => 0, 'function', operation);
});

it.each([NaN, Infinity, 1.5, -1, '1', null, 1n, {}])('refuses %p as a whole number', (value) => {
  expect(() => requireWholeNumber('rows', value, operation)).toThrow(
    refusal('rows', 'must be a whole number of at least 0'),
  );
});

it('the error names the allowed range, values or type', () => {
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
