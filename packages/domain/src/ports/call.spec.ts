import { checkCall, checkOptions, READ_OPTIONS } from './call.js';

it('accepts a call with a future deadline or none', () => {
  const { signal } = new AbortController();
  for (const options of [undefined, {}, { signal, deadline: Date.now() + 60_000 }, { deadline: Infinity }]) {
    expect(() => checkCall(options, 'op')).not.toThrow();
  }
  expect(() => checkCall({ exact: true } as object, 'op', READ_OPTIONS)).not.toThrow();
});

it('refuses a call past its deadline by the given clock', () => {
  const late = expect.objectContaining({ code: 'TIMEOUT', operation: 'op' });
  expect(() => checkCall({ deadline: Date.now() - 1 }, 'op')).toThrow(late);
  expect(() => checkCall({ deadline: 5 }, 'op', READ_OPTIONS, { now: () => 5 })).toThrow(late);
  expect(() => checkCall({ deadline: 5 }, 'op', READ_OPTIONS, { now: () => 4 })).not.toThrow();
});

it.each([NaN, '2030-01-01', null, new Date(Date.now() + 60_000), new Date(NaN), 5n, true])(
  'refuses the deadline %p',
  (deadline) => {
    expect(() => checkCall({ deadline: deadline as number }, 'op')).toThrow(
      expect.objectContaining({ code: 'VALIDATION', field: 'deadline', operation: 'op' }),
    );
  },
);

it.each([
  [{ deadlin: 5 }, 'deadlin', 'unknown key, did you mean "deadline"?'],
  [{ exact: true }, 'exact', 'unknown key, expected one of signal, deadline, priority'],
  [Object.create({ Signal: 1 }), 'Signal', 'unknown key, did you mean "signal"?'],
  [{ signal: {} }, 'signal', 'must be an AbortSignal'],
  [{ signal: null }, 'signal', 'must be an AbortSignal'],
  [{ priority: 'urgent' }, 'priority', 'must be high, normal or low'],
  [{ priority: null }, 'priority', 'must be high, normal or low'],
  [null, 'options', 'must be an object'],
  ['now', 'options', 'must be an object'],
  [[], 'options', 'must be an object'],
])('refuses the options %j by name', (options, field, reason) => {
  expect(() => checkCall(options as object, 'op')).toThrow(
    expect.objectContaining({ code: 'VALIDATION', field, reason, operation: 'op' }),
  );
});

it('refuses a wait for writes that is no time', () => {
  for (const readAfterTimeoutMs of ['1', 0, -1, NaN, null]) {
    expect(() => checkOptions({ readAfterTimeoutMs }, 'op', READ_OPTIONS)).toThrow(
      expect.objectContaining({ code: 'VALIDATION', field: 'readAfterTimeoutMs' }),
    );
  }
  expect(() => checkOptions({ readAfterTimeoutMs: 1 }, 'op', READ_OPTIONS)).not.toThrow();
});

it('refuses exact when it is no boolean', () => {
  for (const exact of ['true', 1, null]) {
    expect(() => checkOptions({ exact }, 'op', READ_OPTIONS)).toThrow(
      expect.objectContaining({ code: 'VALIDATION', field: 'exact' }),
    );
  }
});
