/** Importance of a call. Of two that wait, the more important one is served first most of the time, and is kept when the queue is full. */
export type Priority = 'high' | 'normal' | 'low';

/** Shares of the served time while calls of all priorities wait. */
const WEIGHTS: Readonly<Record<Priority, number>> = { high: 16, normal: 4, low: 1 };
/** The priorities, the least important first. */
export const PRIORITIES: readonly Priority[] = ['low', 'normal', 'high'];
/** Costs below this count as this much, so that unknown costs count at all. */
const LEAST_COST_MS = 1;

/** A member of a {@link FairQueue}, of one queue at a time. The queue sets the links. */
export interface FairQueueEntry<T> {
  readonly priority: Priority;
  /** Expected time of service, in milliseconds. */
  readonly costMs: number;
  previous?: T | undefined;
  next?: T | undefined;
}

/**
 * Queue that serves calls of each priority in the order of their arrival, and the priorities by weight: while calls of all three wait,
 * `high` gets 16, `normal` 4 and `low` 1 of 21 parts of the served time. None starves, and a priority without waiting calls leaves its
 * part to the others and saves up nothing.
 *
 * Stride scheduling (Waldspurger and Weihl, 1995): each priority has a virtual time that advances by cost divided by weight when one of its
 * calls is served; the least advanced is next. Any member may leave at any time at constant cost.
 */
export class FairQueue<T extends FairQueueEntry<T>> {
  readonly #queues = { high: new WaitingLine<T>(), normal: new WaitingLine<T>(), low: new WaitingLine<T>() };
  #virtualTime = 0;
  /** Number of members. */
  length = 0;

  /** Expected time of service of all members, in milliseconds. */
  get costMs(): number {
    const { high, normal, low } = this.#queues;
    return high.costMs + normal.costMs + low.costMs;
  }

  /** The member that is to be served next. */
  get first(): T | undefined {
    let next: WaitingLine<T> | undefined;
    for (const priority of PRIORITIES) {
      const queue = this.#queues[priority];
      if (queue.length > 0 && !(next && next.virtualTime < queue.virtualTime)) next = queue;
    }
    return next?.first;
  }

  append(entry: T): void {
    const queue = this.#queues[entry.priority];
    if (queue.length === 0)
      queue.virtualTime = Math.max(queue.virtualTime, this.#virtualTime + strideOf(entry));
    queue.append(entry);
    this.length++;
  }

  /** Removes a member that leaves without service. */
  remove(entry: T): void {
    this.#queues[entry.priority].remove(entry);
    this.length--;
  }

  /** Removes a member that is served: its cost counts for its priority. */
  serve(entry: T): void {
    const queue = this.#queues[entry.priority];
    this.remove(entry);
    this.#virtualTime = queue.virtualTime;
    queue.virtualTime += strideOf(entry);
  }

  /** Returns the member that a new one of this priority replaces: the latest of the lowest priority below it; undefined without such a member. */
  leastImportant(below: Priority): T | undefined {
    for (const priority of PRIORITIES) {
      if (priority === below) return undefined;
      const { last } = this.#queues[priority];
      if (last) return last;
    }
    return undefined;
  }

  /** Returns the expected time of service of all members that would precede a new one of this priority, in milliseconds. */
  costBefore(priority: Priority): number {
    let weights = 0;
    for (const other of PRIORITIES) {
      if (other === priority || this.#queues[other].length > 0) weights += WEIGHTS[other];
    }
    return Math.min(this.costMs, (this.#queues[priority].costMs * weights) / WEIGHTS[priority]);
  }
}

/** Returns by how much the virtual time of a priority advances when one of its members is served. */
const strideOf = ({ priority, costMs }: Pick<FairQueueEntry<unknown>, 'priority' | 'costMs'>): number =>
  Math.max(LEAST_COST_MS, costMs) / WEIGHTS[priority];

/** First-in-first-out queue that any member may leave: a linked list, so that both cost the same at every length. */
class WaitingLine<T extends FairQueueEntry<T>> {
  first: T | undefined;
  last: T | undefined;
  length = 0;
  /** Sum over all members, in milliseconds. */
  costMs = 0;
  virtualTime = 0;

  append(entry: T): void {
    entry.previous = this.last;
    if (this.last) this.last.next = entry;
    else this.first = entry;
    this.last = entry;
    this.length++;
    this.costMs += entry.costMs;
  }

  remove(entry: T): void {
    const { previous, next } = entry;
    if (previous) previous.next = next;
    else this.first = next;
    if (next) next.previous = previous;
    else this.last = previous;
    entry.previous = entry.next = undefined;
    this.length--;
    // Sums of fractions drift.
    this.costMs = this.length === 0 ? 0 : this.costMs - entry.costMs;
  }
}
