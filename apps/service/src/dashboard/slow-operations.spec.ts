import { ManualClock } from '@quantumtrade/dal-runtime';
import { traceOperation } from '@quantumtrade/dal-telemetry';
import { performance } from 'node:perf_hooks';
import { SlowOperations } from './slow-operations.js';

let clock: ManualClock;
let slow: SlowOperations;
beforeEach(() => {
  clock = new ManualClock();
  slow = new SlowOperations(clock);
});
afterEach(() => slow.close());

const run = (operation: string, ms: number, args: readonly unknown[] = []) =>
  traceOperation({ operation, args, startedAt: performance.now() - ms }, async () => undefined);

describe('SlowOperations', () => {
  it('keeps the slowest 25 in order', async () => {
    for (let ms = 1; ms <= 40; ms++) await run('marketData.find', ms * 1_000);
    const kept = slow.list().map(({ durationMs }) => Math.floor(durationMs / 1_000));
    expect(kept).toEqual(Array.from({ length: 25 }, (_, i) => 40 - i));
  });

  it('forgets operations after an hour', async () => {
    await run('marketData.find', 1_000);
    clock.advance(3_600_001);
    expect(slow.list()).toEqual([]);
  });

  it('keeps no arguments of sessions, tokens or cached values', async () => {
    await run('authContexts.find', 1_000, ['a-token']);
    await run('sessions.save', 1_000, ['a-token']);
    await run('cache.set', 1_000, ['key', { password: 'a-token' }]);
    expect(JSON.stringify(slow.list())).not.toContain('a-token');
    expect(slow.list().map(({ operation }) => operation)).toEqual(['cache.set']);
  });
});
