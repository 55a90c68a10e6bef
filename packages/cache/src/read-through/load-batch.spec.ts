import { toWriteToken, writesToSee, type StoreReadOptions } from '@quantumtrade/dal-domain';
import { loadTogether } from './load-batch.js';

const nextTurn = () => new Promise((resolve) => setImmediate(resolve));

/** Returns a batch of loads and the calls that it makes. */
function recordedBatch() {
  const calls: ({ items: readonly string[] } & StoreReadOptions)[] = [];
  const load = loadTogether<string, string>(async (items, limits) => {
    calls.push({ items, ...limits });
    if (items.includes('fails')) throw new RangeError('fails');
    return items.map((item) => (item === 'none' ? null : item.toUpperCase()));
  });
  return { load, calls };
}

it('loads the items of one turn by one call', async () => {
  const { load, calls } = recordedBatch();
  const first = load('a', {});
  await Promise.resolve();
  const loads = [first, load('none', {})];
  expect(calls).toEqual([]);
  expect(await Promise.all(loads)).toEqual(['A', null]);
  expect(await load('b', {})).toBe('B');
  expect(calls.map(({ items }) => items)).toEqual([['a', 'none'], ['b']]);
});

it('rejects every load of a call that fails', async () => {
  const { load } = recordedBatch();
  const loads = [load('a', {}), load('fails', {})];
  for (const each of loads) await expect(each).rejects.toThrow(RangeError);
});

it('gives the call the latest deadline of its loads', async () => {
  const { load, calls } = recordedBatch();
  await Promise.all([load('a', { deadline: 5 }), load('b', { deadline: 9 })]);
  await Promise.all([load('a', { deadline: 5 }), load('b', {})]);
  expect(calls.map(({ deadline }) => deadline)).toEqual([9, undefined]);
});

it('loads items that must see writes by a call of their own', async () => {
  const { load, calls } = recordedBatch();
  const write = (id: string) => ({ endpoint: id, shard: '1', record: 'features' as const, id });
  const [first, second] = ['1', '2'].map((id) => toWriteToken([write(id)])!);
  const after = { readAfter: [first!], readAfterTimeoutMs: 5 };
  const loads = [load('a', {}), load('b', after), load('c', { ...after, readAfter: [first!, second!] })];
  expect(await Promise.all(loads)).toEqual(['A', 'B', 'C']);
  const [without, joined] = calls;
  expect(without).toEqual({ items: ['a'] });
  expect(joined).toMatchObject({ items: ['b', 'c'], readAfterTimeoutMs: 5 });
  expect(writesToSee(joined!.readAfter, 'test')).toEqual([write('1'), write('2')]);
});

it('aborts the call when all of its loads are aborted', async () => {
  const signals: AbortSignal[] = [];
  const load = loadTogether<string, string>(async (items, { signal }) => {
    signals.push(signal!);
    await nextTurn();
    await nextTurn();
    return items;
  });
  const [first, second] = [new AbortController(), new AbortController()];
  const loads = [first, second].map(({ signal }, n) => load(`${n}`, { signal }));
  await nextTurn();
  first.abort(new Error('first'));
  expect(signals[0]!.aborted).toBe(false);
  second.abort(new Error('second'));
  expect(signals[0]!.aborted).toBe(true);
  await Promise.all(loads);
  await load('a', {});
  expect(signals[1]).toBeUndefined();
});
