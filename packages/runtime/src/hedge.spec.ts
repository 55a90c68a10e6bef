import { Hedge, type HedgedAttempt } from './hedge.js';
import { LightAbortSignal } from './light-abort-signal.js';
import { ManualClock } from './manual-clock.js';
import { RetryBudget } from './retry-budget.js';
import { sleep } from './sleep.js';

const settled = () => new Promise((resolve) => setImmediate(resolve));

function createHedge(options: { delayMs?: number; reserve?: number } = {}) {
  const { reserve = 10, ...hedgeOptions } = options;
  const clock = new ManualClock();
  const budget = new RetryBudget(clock, { reserve });
  const hedge = new Hedge(clock, { budget, ...hedgeOptions });
  const log: string[] = [];
  /** Answers, or fails with its name, after a time. */
  const attempt =
    (name: string, durationMs: number, fails = false): HedgedAttempt<string> =>
    async (signal) => {
      log.push(`${name} begins`);
      signal.subscribe(() => log.push(`${name} is aborted`));
      await sleep(durationMs, clock, signal);
      if (fails) throw new Error(name);
      return name;
    };
  const advance = async (milliseconds: number) => {
    clock.advance(milliseconds);
    await settled();
  };
  return { clock, budget, hedge, log, attempt, advance };
}

it('makes one attempt when it answers before the delay', async () => {
  const { clock, hedge, log, attempt, advance } = createHedge({ delayMs: 50 });
  const answer = hedge.run(attempt('first', 49), () => attempt('second', 10));
  await advance(49);
  expect(await answer).toBe('first');
  await advance(1_000);
  expect([log, clock.pendingTimers]).toEqual([['first begins'], 0]);
});

it('aborts the first attempt when the second answers', async () => {
  const { clock, budget, hedge, log, attempt, advance } = createHedge({ delayMs: 50 });
  const answer = hedge.run(attempt('first', 1_000), () => attempt('second', 10));
  await advance(50);
  await advance(10);
  expect(await answer).toBe('second');
  expect(log).toEqual(['first begins', 'second begins', 'first is aborted']);
  expect([clock.pendingTimers, budget.balance]).toEqual([0, 9]);
});

it('aborts the second attempt when the first answers', async () => {
  const { clock, hedge, log, attempt, advance } = createHedge({ delayMs: 50 });
  const answer = hedge.run(attempt('first', 60), () => attempt('second', 1_000));
  await advance(50);
  await advance(10);
  expect(await answer).toBe('first');
  expect(log).toEqual(['first begins', 'second begins', 'second is aborted']);
  expect(clock.pendingTimers).toBe(0);
});

it('waits for the attempt that is left when one fails', async () => {
  const { hedge, attempt, advance } = createHedge({ delayMs: 50 });
  const byFirst = hedge.run(attempt('first', 100), () => attempt('second', 10, true));
  const bySecond = hedge.run(attempt('first', 60, true), () => attempt('second', 50));
  for (const milliseconds of [50, 10, 40]) await advance(milliseconds);
  expect([await byFirst, await bySecond]).toEqual(['first', 'second']);
});

it('rejects with the last error when both attempts fail', async () => {
  const { hedge, attempt, advance } = createHedge({ delayMs: 50 });
  const failure = hedge.run(attempt('first', 100, true), () => attempt('second', 10, true)).catch(String);
  for (const milliseconds of [50, 10, 40]) await advance(milliseconds);
  expect(await failure).toBe('Error: first');
});

it('begins no second attempt when the first fails early', async () => {
  const { clock, hedge, log, attempt, advance } = createHedge({ delayMs: 50 });
  const failure = hedge.run(attempt('first', 10, true), () => attempt('second', 10)).catch(String);
  await advance(10);
  expect(await failure).toBe('Error: first');
  await advance(100);
  expect([log, clock.pendingTimers]).toEqual([['first begins'], 0]);
});

it.each([
  ['the budget is spent', { delayMs: 50, reserve: 0 }, true],
  ['there is no second server', { delayMs: 50 }, false],
  ['no durations are known', {}, true],
])('begins no second attempt when %s', async (_, options, hasSecond) => {
  const { hedge, log, attempt, advance } = createHedge(options);
  const answer = hedge.run(attempt('first', 100), () => (hasSecond ? attempt('second', 10) : undefined));
  await advance(50);
  await advance(50);
  expect([await answer, log]).toEqual(['first', ['first begins']]);
});

it('begins the second attempt after most recent durations', async () => {
  const { hedge, attempt, advance } = createHedge();
  for (let n = 1; n <= 200; n++) {
    const answer = hedge.run(attempt('first', n % 100), () => undefined);
    await advance(n % 100);
    await answer;
    expect(hedge.delayMs === undefined).toBe(n < 20);
  }
  expect(hedge.delayMs).toBeGreaterThanOrEqual(90);
  expect(hedge.delayMs).toBeLessThan(99);
});

it('counts the time of an aborted attempt as its duration', async () => {
  const { hedge, attempt, advance } = createHedge({ reserve: 100 });
  const run = async (firstMs: number) => {
    const answer = hedge.run(attempt('first', firstMs), () => attempt('second', 10));
    for (let n = 0; n < 10; n++) await advance(10);
    await answer;
  };
  for (let n = 0; n < 20; n++) await run(20);
  expect(hedge.delayMs).toBe(20);
  for (let n = 0; n < 40; n++) await run(1_000);
  expect(hedge.delayMs).toBeGreaterThanOrEqual(30);
});

it('aborts all attempts when the signal aborts', async () => {
  const { clock, hedge, log, attempt, advance } = createHedge({ delayMs: 50 });
  const signal = new LightAbortSignal();
  const failure = hedge.run(attempt('first', 100), () => attempt('second', 100), signal).catch(String);
  await advance(50);
  signal.abort('left');
  expect(await failure).toBe('left');
  expect(log.slice(2)).toEqual(['first is aborted', 'second is aborted']);
  expect(clock.pendingTimers).toBe(0);
  const early = hedge.run(attempt('third', 100), () => undefined, signal).catch(String);
  expect([await early, log.length]).toEqual(['left', 4]);
});

it('rejects when the first attempt throws synchronously', async () => {
  const { hedge, attempt } = createHedge({ delayMs: 50 });
  const thrown = hedge.run(
    () => {
      throw new RangeError('at once');
    },
    () => attempt('second', 10),
  );
  await expect(thrown).rejects.toThrow('at once');
});
