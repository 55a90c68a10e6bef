import { textAt } from './text-at.js';

it.each([
  ['a text\n', undefined, 'a text\n'],
  ['{"a":"x"}', undefined, '{"a":"x"}'],
  ['{"a":"x","b":"y"}', 'b', 'y'],
  ['{"port":8123}', 'port', '8123'],
])('textAt finds the text in %j at %s', (value, key, text) => {
  expect(textAt(value, key)).toBe(text);
});

it.each([
  ['', undefined, 'the secret is empty'],
  ['hunter2', 'a', 'the secret is not JSON, so that it has no keys'],
  ['["hunter2"]', 'a', 'the secret is JSON and no object, so that it has no keys'],
  ['null', 'a', 'the secret is JSON and no object, so that it has no keys'],
  ['{"b":"hunter2"}', 'a', 'the secret has no key "a"'],
  ['{"b":"hunter2"}', 'toString', 'the secret has no key "toString"'],
  ['{"a":""}', 'a', 'the value of the key "a" is empty'],
  ['{"a":{"b":"hunter2"}}', 'a', 'the value of the key "a" is neither text nor a number'],
])('textAt refuses %j at %s without quoting it', (value, key, reason) => {
  expect(() => textAt(value, key)).toThrow(expect.objectContaining({ name: 'SecretError', message: reason }));
});
