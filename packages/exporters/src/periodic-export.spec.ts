import { ManualClock } from '@quantumtrade/dal-runtime';
import { turn } from '@quantumtrade/dal-testing';
import { PeriodicExport } from './periodic-export.js';

it('exports at intervals, one at a time, and at the end', async () => {
  const clock = new ManualClock();
  const counts = { exporter: 'test', failures: 0 };
  const ends: (() => void)[] = [];
  let exports = 0;
  const run = () => {
    exports++;
    return new Promise<void>((resolve) => ends.push(resolve));
  };
  const periodic = new PeriodicExport(run, 100, counts, clock);
  clock.advance(1_000);
  expect(exports).toBe(1);
  ends.pop()!();
  await turn();
  clock.advance(100);
  expect(exports).toBe(2);
  const closing = periodic.close();
  ends.pop()!();
  await turn();
  expect(exports).toBe(3);
  ends.pop()!();
  await closing;
  expect(clock.pendingTimers).toBe(0);
});

it('failures are counted and the next export follows', async () => {
  const clock = new ManualClock();
  const counts = { exporter: 'test', failures: 0 };
  new PeriodicExport(() => Promise.reject(new Error('down')), 100, counts, clock);
  for (let n = 0; n < 3; n++) {
    clock.advance(100);
    await turn();
  }
  expect(counts.failures).toBe(3);
});
