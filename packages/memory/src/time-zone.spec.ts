import { describe, expect, it } from '@jest/globals';

describe('time zone', () => {
  it('the time zone of the test process is far from UTC', () => {
    expect(new Date(0).getTimezoneOffset()).toBe(660);
  });
});
