import { describe, expect, it } from '@jest/globals';

describe('time zone', () => {
  it('of this process is far from UTC, so that every test shows whether answers depend on it', () => {
    expect(new Date(0).getTimezoneOffset()).toBe(660);
  });
});
