import { FairQueue, type FairQueueEntry, type Priority } from './fair-queue.js';

class Entry implements FairQueueEntry<Entry> {
  previous?: Entry | undefined;
  next?: Entry | undefined;
  constructor(
    readonly priority: Priority,
    readonly costMs = 10,
    readonly name = '',
  ) {}
}

function fill(queue: FairQueue<Entry>, count: number, ...entry: ConstructorParameters<typeof Entry>): void {
  for (let n = 0; n < count; n++) queue.append(new Entry(...entry));
}

/** Serves members, and returns the time of service of each priority. */
function serve(queue: FairQueue<Entry>, count: number) {
  const served = { high: 0, normal: 0, low: 0 };
  for (let n = 0; n < count; n++) {
    const next = queue.first!;
    queue.serve(next);
    served[next.priority] += next.costMs;
  }
  return served;
}

it('serves members of one priority in the order of their arrival', () => {
  const queue = new FairQueue<Entry>();
  const entries = ['a', 'b', 'c', 'd'].map((name) => new Entry('normal', 10, name));
  for (const entry of entries) queue.append(entry);
  queue.remove(entries[1]!);
  queue.remove(entries[3]!);
  queue.append(entries[1]!);
  const names = [];
  for (let next = queue.first; next; next = queue.first) {
    names.push(next.name);
    queue.serve(next);
  }
  expect([names, queue.length, queue.costMs]).toEqual([['a', 'c', 'b'], 0, 0]);
});

it('serves a more important member before earlier ones', () => {
  const queue = new FairQueue<Entry>();
  for (const priority of ['low', 'normal', 'high'] as const) queue.append(new Entry(priority));
  expect(queue.first!.priority).toBe('high');
});

it('shares the time of service by weight while all priorities wait', () => {
  const queue = new FairQueue<Entry>();
  fill(queue, 1_000, 'high');
  fill(queue, 1_000, 'normal');
  fill(queue, 1_000, 'low');
  expect(serve(queue, 210)).toEqual({ high: 1_600, normal: 400, low: 100 });
});

it('shares the time of service, not the number of members', () => {
  const queue = new FairQueue<Entry>();
  fill(queue, 4_000, 'high', 1);
  fill(queue, 100, 'low', 100);
  expect(serve(queue, 3_202)).toEqual({ high: 3_200, normal: 0, low: 200 });
});

it('counts members of unknown cost', () => {
  const queue = new FairQueue<Entry>();
  fill(queue, 100, 'high', 0);
  const low = new Entry('low', 0);
  queue.append(low);
  serve(queue, 16);
  expect(queue.first === low).toBe(true);
});

it('saves up no time of service for a priority without members', () => {
  const queue = new FairQueue<Entry>();
  fill(queue, 1_000, 'high');
  serve(queue, 500);
  fill(queue, 100, 'low');
  expect(serve(queue, 34).low).toBe(20);
});

it('gives up the latest member of the lowest priority', () => {
  const queue = new FairQueue<Entry>();
  const [low, normal] = [new Entry('low'), new Entry('normal')];
  queue.append(new Entry('low'));
  queue.append(low);
  queue.append(normal);
  expect(queue.leastImportant('high')).toBe(low);
  expect(queue.leastImportant('low')).toBeUndefined();
  serve(queue, 1);
  expect(queue.leastImportant('normal')).toBe(low);
});

it('expects the cost of the members before a new one', () => {
  const queue = new FairQueue<Entry>();
  fill(queue, 8, 'normal');
  expect([queue.costBefore('normal'), queue.costBefore('high'), queue.costBefore('low')]).toEqual([80, 0, 0]);
  fill(queue, 2, 'high');
  expect([queue.costBefore('normal'), queue.costBefore('high')]).toEqual([100, 25]);
});
