import { describe, expect, it } from '@jest/globals';
import { requireKnownKeys } from './known-keys.js';

describe('requireKnownKeys', () => {
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
