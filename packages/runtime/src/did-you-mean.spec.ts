import { describe, expect, it } from '@jest/globals';
import { closest, unknownKeyReason } from './did-you-mean.js';

describe('unknownKeyReason', () => {
  it('names the key that is two typing mistakes away', () => {
    expect(unknownKeyReason('dedline', ['signal', 'deadline'])).toBe('unknown key, did you mean "deadline"?');
  });

  it('ignores upper and lower case', () => {
    expect(unknownKeyReason('startTIME', ['startTime'])).toBe('unknown key, did you mean "startTime"?');
  });

  it('lists all known keys when none is close', () => {
    expect(unknownKeyReason('colour', ['signal', 'deadline'])).toBe(
      'unknown key, expected one of signal, deadline',
    );
  });

  it('answers in bounded time for a very long key', () => {
    expect(closest('x'.repeat(10_000_000), ['deadline'])).toBeUndefined();
  });

  it.each([
    ['foo', 'low'],
    ['hi', 'id'],
    ['cost', 'past'],
    ['size', 'sort'],
  ])('suggests nothing for %s where %s is known', (word, known) => {
    expect(closest(word, [known])).toBeUndefined();
  });

  it.each([
    ['nme', 'name'],
    ['siez', 'size'],
    ['lows', 'low'],
    ['passwrd', 'password'],
    ['maxconections', 'maxConnections'],
  ])('understands %s as %s', (word, known) => {
    expect(closest(word, [known])).toBe(known);
  });

  it('does not take a different short key for a typing mistake', () => {
    expect(closest('a', ['b'])).toBeUndefined();
  });
});
