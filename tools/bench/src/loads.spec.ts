import { setTimeout as delay } from 'node:timers/promises';
import { closedLoop, inTurns, openLoop, sliceThroughput } from './loads.js';
import { slices } from './random.js';

it('counts each call of a closed loop once', async () => {
  let underWay = 0;
  let most = 0;
  const numbers: number[] = [];
  const { latencies } = await closedLoop({ callers: 3, forMs: 50 }, async (n) => {
    numbers.push(n);
    most = Math.max(most, ++underWay);
    await delay(1);
    underWay--;
  });
  expect(most).toBe(3);
  expect(numbers).toEqual(numbers.map((_, i) => i));
  expect(latencies.count).toBe(numbers.length);
});

it('begins calls of an open loop before earlier ones are answered', async () => {
  let answerAll: () => void;
  const answer = new Promise<void>((resolve) => (answerAll = resolve));
  const { latencies } = await openLoop({ rate: 1_000, forMs: 50 }, (n) => {
    if (n === 49) answerAll();
    return answer;
  });
  expect(latencies.count).toBe(50);
});

it('includes the waiting time of calls in an open loop', async () => {
  const BLOCKED_MS = 50;
  const { latencies } = await openLoop({ rate: 1_000, forMs: 40 }, (n) => {
    const end = performance.now() + (n === 0 ? BLOCKED_MS : 0);
    while (performance.now() < end);
  });
  expect(latencies.count).toBe(40);
  expect(latencies.min).toBeGreaterThan((BLOCKED_MS - 40) * 1e6);
});

it('fails with an open loop when one of its calls fails', async () => {
  const calls = (n: number) => (n === 3 ? Promise.reject(new Error('refused')) : n);
  await expect(openLoop({ rate: 1_000, forMs: 10 }, calls)).rejects.toThrow('refused');
});

it('gives the slices to the callers in turn', async () => {
  const taken: string[] = [];
  const { perSecond } = await sliceThroughput(
    { callers: 2, forMs: 50 },
    [['a', 'b'], ['c']],
    async (slice) => {
      taken.push(slice.join(''));
    },
  );
  expect(taken.slice(0, 2)).toEqual(['ab', 'c']);
  expect(taken).toEqual(taken.map((_, i) => (i % 2 === 0 ? 'ab' : 'c')));
  expect(perSecond).toBeGreaterThan(0);
});

it('measures the sides in turn, no side always first', async () => {
  const asked: string[] = [];
  const side = (name: string) => async (n: number) => {
    asked.push(`${name}${n}`);
  };
  const { ours, peer } = await inTurns({ forMs: 20 }, { ours: side('a'), peer: side('b') });
  expect(ours.latencies.count).toBe(peer!.latencies.count);
  const turn = (name: string, from: number) => Array.from({ length: 200 }, (_, n) => `${name}${from + n}`);
  const orders = slices(asked, 400).map((both, i) => {
    const order = both[0]!.startsWith('a') ? ['a', 'b'] : ['b', 'a'];
    expect(both).toEqual(order.flatMap((name) => turn(name, 200 * i)));
    return order.join('');
  });
  expect(new Set(orders)).toEqual(new Set(['ab', 'ba']));
});
