import { PendingCalls } from './pending-calls.js';

it('call beyond the limit fails until an earlier one has ended', () => {
  const pending = new PendingCalls({ maxPendingCalls: 2, maxPendingBytes: Infinity });
  pending.enter(0);
  pending.enter(9);
  expect(pending.enter(0)?.reason).toBe('too many calls wait for the server (maxPendingCalls)');
  pending.leave(9);
  pending.enter(0);
  expect(pending.enter(0)?.reason).toContain('maxPendingCalls');
});

it('call with values fails while too many bytes wait, others pass', () => {
  const pending = new PendingCalls({ maxPendingCalls: Infinity, maxPendingBytes: 100 });
  pending.enter(99);
  pending.enter(1_000);
  expect(pending.enter(1)?.reason).toBe('too many bytes wait for the server (maxPendingBytes)');
  expect(pending.enter(0)).toBeUndefined();
  pending.leave(1_000);
  pending.enter(1);
  expect(pending.enter(1)?.reason).toContain('maxPendingBytes');
});
