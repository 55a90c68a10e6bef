import { AsyncLocalStorage } from 'node:async_hooks';
import { tracingChannel } from 'node:diagnostics_channel';
import { performance } from 'node:perf_hooks';

/** What is known of one operation while it runs. Whoever runs it fills in more as it learns more. */
export interface OperationEvent {
  /** Name of the operation, as in `marketData.insert`. */
  readonly operation: string;
  /** What answers it, as in `clickhouse`. */
  backend?: string;
  /** Under which the backend knows the query. */
  queryId?: string;
  /** Rows written or returned. */
  rows?: number;
  /** Whether a cache answered. Undefined when none was asked. */
  cacheHit?: boolean;
  /** What the operation failed with. Set by the channel; its presence means failure. */
  error?: unknown;
  /** What the operation resolved to. Set by the channel. */
  result?: unknown;
  /** When it began, in milliseconds of `performance.now()`. Set by `traceOperation`. */
  startedAt?: number;
}

/**
 * Where operations are announced to whoever observes them: `start` before one begins, `asyncEnd` when it has
 * succeeded or failed. Everything between runs in the async context that subscribers bind to `start`.
 */
export const operationChannel = tracingChannel<unknown, OperationEvent>('quantumtrade:dal:operation');

const running = new AsyncLocalStorage<OperationEvent>();

/**
 * Runs an operation and announces it. Costs next to nothing while nobody listens.
 * @param run receives the event, to fill in what it learns.
 */
export function traceOperation<Event extends OperationEvent, Result>(
  event: Event,
  run: (event: Event) => Promise<Result>,
): Promise<Result> {
  if (!operationChannel.hasSubscribers) return run(event);
  event.startedAt ??= performance.now();
  return operationChannel.tracePromise(() => running.run(event, async () => run(event)), event);
}

/**
 * The operation that the calling code runs in, for adapters to fill in what only they know (`backend`, `queryId`).
 * Undefined outside of operations and while nobody listens.
 */
export function currentOperation(): OperationEvent | undefined {
  return running.getStore();
}

/**
 * Tells a listener of each operation that has ended; `'error' in event` says how. A listener must not throw.
 * @returns stops it.
 */
export function onOperationEnd(listener: (event: OperationEvent) => void): () => void {
  const receive = (message: unknown) => listener(message as OperationEvent);
  operationChannel.asyncEnd.subscribe(receive);
  return () => operationChannel.asyncEnd.unsubscribe(receive);
}
