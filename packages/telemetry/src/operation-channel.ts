import { AsyncLocalStorage } from 'node:async_hooks';
import { tracingChannel } from 'node:diagnostics_channel';
import { performance } from 'node:perf_hooks';

/** Ids of a recorded span and its trace, in hex. */
export interface TraceIds {
  readonly traceId: string;
  readonly spanId: string;
}

/** One operation while it runs. The code that runs it fills in the optional fields. */
export interface OperationEvent {
  /** Name of the operation, e.g. `marketData.insert`. */
  readonly operation: string;
  /** Arguments of the call, as they were given. They may hold secrets: never log them. @default not known */
  readonly args?: readonly unknown[];
  /** The backend that answers it, e.g. `clickhouse`. */
  backend?: string;
  /** Id of the query in the backend. */
  queryId?: string;
  /** Resource that a query ran out of before the operation was run again in a cheaper way. @default it was not run again */
  retriedAfter?: 'time' | 'memory';
  /** Server that was sent the query: host and port, e.g. `ch-2:8123`. */
  endpoint?: string;
  /** Number of times that queries were sent, repeated ones included. */
  attempts?: number;
  /** Number of rows written or returned. */
  rows?: number;
  /** Bytes of blocks sent, and of answers received before they were decoded. */
  bytes?: number;
  /** Whether a cache answered. Undefined when no cache was involved. */
  cacheHit?: boolean;
  /** Error of a failed operation. Set by the channel; its presence means failure. */
  error?: unknown;
  /** Result of a successful operation. Set by the channel. */
  result?: unknown;
  /** Start in milliseconds of `performance.now()`. Set by `traceOperation`. */
  startedAt?: number;
  /** Whether sampling left it out of the trace, with the operations within it. Set by `subscribeTracing`. @default undecided */
  isLeftOut?: boolean;
  /** Span of the operation, while it is recorded. Set by `subscribeTracing`. */
  trace?: TraceIds;
}

/**
 * Diagnostics channel of operations: `start` before one begins, `asyncEnd` when it has succeeded or failed. Everything between
 * runs in the async context that subscribers bind to `start`.
 */
export const operationChannel = tracingChannel<unknown, OperationEvent>('quantumtrade:dal:operation');

const running = new AsyncLocalStorage<OperationEvent>();

/** Draws the number of answers that are not announced before the next one; undefined while all are announced. */
let drawGap: (() => number) | undefined;
let answersUntilNext = 0;

/**
 * Has only a share of the answers from this process's memory announced: they take less time than a line about them. Metrics
 * count all of them.
 * @param share - from 0 to 1
 * @param random - @default Math.random
 * @returns a function that has all of them announced again
 */
export function sampleAnswersAtHand(share: number, random: () => number = Math.random): () => void {
  // The gaps between draws of one probability have a geometric distribution.
  drawGap = share > 0 ? () => Math.floor(Math.log(1 - random()) / Math.log(1 - share)) : () => Infinity;
  answersUntilNext = drawGap();
  return () => {
    drawGap = undefined;
    answersUntilNext = 0;
  };
}

/** Whether the next answer from this process's memory is announced to the subscribers, if there are any. */
export function announcesAnswerAtHand(): boolean {
  // First, because this takes less time than the question for subscribers.
  if (answersUntilNext > 0) {
    answersUntilNext--;
    return false;
  }
  if (!operationChannel.hasSubscribers) return false;
  if (drawGap) answersUntilNext = drawGap();
  return true;
}

/**
 * Runs an operation and announces it. Without subscribers it only runs it.
 * @param run - receives the event to fill in its fields
 */
export function traceOperation<Event extends OperationEvent, Result>(
  event: Event,
  run: (event: Event) => Promise<Result>,
): Promise<Result> {
  if (!operationChannel.hasSubscribers) return run(event);
  event.startedAt ??= performance.now();
  return operationChannel.tracePromise(() => running.run(event, started, event, run), event);
}

/** Runs an operation, and rejects where it throws at once. An async function would settle three turns later. */
function started<Event, Result>(event: Event, run: (event: Event) => Promise<Result>): Promise<Result> {
  try {
    return run(event);
  } catch (error) {
    return Promise.reject(error as Error);
  }
}

/**
 * Returns the operation that the calling code runs in, so that adapters can fill in `backend` and `queryId`. Undefined outside
 * of operations and without subscribers.
 */
export function currentOperation(): OperationEvent | undefined {
  return running.getStore();
}

/** One attempt of the running operation to have a query answered. */
export interface QueryAttempt {
  readonly backend: string;
  readonly queryId: string;
  readonly endpoint: string;
}

/**
 * Notes an attempt in the operation that the calling code runs in. Returns its span while it is recorded, so that the backend can
 * join its own spans to it. Does nothing without subscribers.
 */
export function noteAttempt({ backend, queryId, endpoint }: QueryAttempt): TraceIds | undefined {
  const operation = operationChannel.hasSubscribers ? currentOperation() : undefined;
  if (!operation) return undefined;
  operation.backend = backend;
  operation.queryId = queryId;
  operation.endpoint = endpoint;
  operation.attempts = (operation.attempts ?? 0) + 1;
  return operation.trace;
}

/** Adds bytes that were sent or received to the operation that the calling code runs in. Does nothing without subscribers. */
export function noteBytes(bytes: number): void {
  const operation = operationChannel.hasSubscribers ? currentOperation() : undefined;
  if (operation) operation.bytes = (operation.bytes ?? 0) + bytes;
}

/** Returns the trace context of a recorded span in the form of the W3C header `traceparent`. */
export const traceparentOf = ({ traceId, spanId }: TraceIds): string => `00-${traceId}-${spanId}-01`;

/**
 * Calls a listener for each operation that has ended; `'error' in event` means failure. A listener must not throw.
 * @returns a function that stops it
 */
export function onOperationEnd(listener: (event: OperationEvent) => void): () => void {
  const receive = (message: unknown) => listener(message as OperationEvent);
  operationChannel.asyncEnd.subscribe(receive);
  return () => operationChannel.asyncEnd.unsubscribe(receive);
}
