import { randomUUID } from 'node:crypto';
import { performance } from 'node:perf_hooks';
import type {
  AuditEntry,
  AuditSink,
  BatchResult,
  BlockReceipt,
  BlockWriter,
  OperationDescriptor,
  Operations,
  TimeSource,
} from '@quantumtrade/dal-domain';
import type { OperationEvent, OperationMetrics, OperationSeries } from '@quantumtrade/dal-telemetry';
import { announcesAnswerAtHand, operationChannel, traceOperation } from '@quantumtrade/dal-telemetry';
import { observedStream } from './observed-stream.js';
import { outcomeOf } from './outcome.js';
import type { AnnotatedBlock, TransactionError, TransactionResult } from '@quantumtrade/dal-writer';
import { isPermanent } from '@quantumtrade/dal-writer';

/** Audit sink, actor and clock. */
export interface Auditing {
  readonly sink: AuditSink;
  readonly actor: string;
  readonly clock: TimeSource;
}

/** Port methods that a data layer answers in place of the adapter, e.g. from its cache. */
export interface CachedMethods<Port> {
  readonly calls: Partial<Port>;
  /** Returns the answer of a call at once where this process holds it, else undefined. Both must answer alike. */
  readonly atHand?: {
    readonly [M in keyof Port]?: Port[M] extends (...args: infer Args) => Promise<infer Result>
      ? (...args: Args) => Result | undefined
      : never;
  };
}

type Method = (...args: unknown[]) => Promise<unknown>;
type Methods = Readonly<Record<string, Method | undefined>>;

/** Failed blocks remembered; beyond it the oldest are forgotten and may leave a second audit entry. */
const MAX_FAILING_BLOCKS = 1_000;

/** Times, counts and announces the calls of ports, and records those that change data. */
export class Observation {
  readonly #metrics: OperationMetrics;
  readonly #auditing: Auditing | undefined;

  constructor(metrics: OperationMetrics, auditing?: Auditing) {
    this.#metrics = metrics;
    this.#auditing = auditing;
  }

  /**
   * Returns a port whose calls are announced on the operation channel, timed, counted, and audited as its operations say.
   * The name of an operation is `<port>.<method>`. A subscription is returned as it is.
   */
  port<Port extends object>(
    name: string,
    port: Port,
    operations: Operations<Port>,
    cached: CachedMethods<Port> = { calls: {} },
  ): Port {
    const adapter = port as Methods;
    const calls = cached.calls as Methods;
    const atHand = cached.atHand as Readonly<Record<string, ((...args: unknown[]) => unknown) | undefined>>;
    const observed: Record<string, Method> = {};
    for (const [key, operation] of Object.entries<OperationDescriptor>(operations)) {
      const uncached: Method = (...args) => adapter[key]!(...args);
      const call = cachedUnlessNeeded(calls[key], uncached, operation);
      if (operation.returns === 'subscription') {
        observed[key] = call;
        continue;
      }
      const series = this.#metrics.series(`${name}.${key}`);
      if (operation.returns === 'stream') {
        observed[key] = observedStream(`${name}.${key}`, series, call as never) as never;
        continue;
      }
      const observedCall = this.#call(`${name}.${key}`, series, call, operation.isAudited);
      const peek = atHand?.[key];
      observed[key] = peek ? answeredAtHand(series, peek, observedCall) : observedCall;
    }
    return observed as Port;
  }

  /**
   * Returns an observed block writer. Its audit entries are named `<record>.write` and carry the block's id. A
   * block leaves one entry when it is stored, one when it is refused for good, and one at the first of its retryable failures.
   */
  blocks(blocks: BlockWriter): BlockWriter {
    const series = this.#metrics.series('blocks.write');
    const failing = new Set<string>();
    const isFirstFailure = (id: string, error: unknown) => {
      const isKnown = failing.delete(id);
      if (isPermanent(error)) return true;
      failing.add(id);
      if (failing.size > MAX_FAILING_BLOCKS) failing.delete(failing.values().next().value!);
      return !isKnown;
    };
    return {
      collect: (record) => blocks.collect(record),
      write: async (block: AnnotatedBlock, options) => {
        const { record, id, rowCount, transactionId } = block;
        const event: OperationEvent = { operation: 'blocks.write', rows: rowCount };
        const entry = { operation: `${record}.write`, batchId: id, transactionId };
        const startedAt = performance.now();
        let receipt: BlockReceipt;
        try {
          receipt = await announced(event, () => blocks.write(block, options));
        } catch (error) {
          series.record(startedAt, performance.now(), outcomeOf(error), event.trace);
          if (isFirstFailure(id, error)) await this.#audit(event, { ...entry, outcome: outcomeOf(error) });
          throw error;
        }
        series.record(startedAt, performance.now(), undefined, event.trace);
        failing.delete(id);
        await this.#audit(event, { ...entry, insertedCount: rowCount, outcome: 'ok' });
        return receipt;
      },
    };
  }

  #call(operation: string, series: OperationSeries, call: Method, isAudited: boolean): Method {
    const leavesEntry = isAudited && this.#auditing !== undefined;
    return async (...args) => {
      const event: OperationEvent = { operation, args };
      const startedAt = performance.now();
      let result: unknown;
      try {
        result = operationChannel.hasSubscribers
          ? await announced(event, () => call(...args))
          : await call(...args);
      } catch (error) {
        series.record(startedAt, performance.now(), outcomeOf(error), event.trace);
        if (leavesEntry) await this.#audit(event, { ...detailsOf(error), outcome: outcomeOf(error) });
        throw error;
      }
      series.record(startedAt, performance.now(), undefined, event.trace);
      if (leavesEntry) await this.#audit(event, { ...detailsOf(result), outcome: 'ok' });
      return result;
    };
  }

  /** Records what happened. A sink that fails changes nothing about it. */
  async #audit({ operation, queryId }: OperationEvent, details: AuditDetails): Promise<void> {
    if (this.#auditing === undefined) return;
    const { sink, actor, clock } = this.#auditing;
    const { batchId = randomUUID() } = details;
    try {
      await sink.record({ at: clock.now(), actor, operation, queryId, ...details, batchId });
    } catch {
      // The port says that a sink does not throw.
    }
  }
}

/** An audit entry without its time and actor. */
type AuditDetails = Partial<AuditEntry> & Pick<AuditEntry, 'outcome'>;

/**
 * Whether the options of a call, its last argument, say that the store has to answer: they name writes that it must see, and a cached value may
 * be older; or they say whether shards may be missing, and no cached value has their names.
 */
function needsStore(args: readonly unknown[]): boolean {
  const options = args.at(-1);
  try {
    return (
      typeof options === 'object' &&
      options !== null &&
      ('readAfter' in options || 'missingShards' in options)
    );
  } catch {
    return false;
  }
}

/** Returns a method that is answered from the cache, unless it is a read that needs the store. */
const cachedUnlessNeeded = (
  cached: Method | undefined,
  uncached: Method,
  { access }: OperationDescriptor,
): Method =>
  cached && access === 'read'
    ? (...args) => (needsStore(args) ? uncached(...args) : cached(...args))
    : (cached ?? uncached);

/** Calls the method only where no value is in the first level, and where the answer is announced. */
function answeredAtHand(
  series: OperationSeries,
  peek: (...args: unknown[]) => unknown,
  call: Method,
): Method {
  return (...args) => {
    const mayHaveOptions = typeof args.at(-1) === 'object';
    if (announcesAnswerAtHand() || (mayHaveOptions && needsStore(args))) return call(...args);
    const startedAt = performance.now();
    let answer: unknown;
    try {
      answer = peek(...args);
    } catch {
      // The call fails likewise, and is counted.
      return call(...args);
    }
    if (answer === undefined) return call(...args);
    series.record(startedAt, performance.now());
    return Promise.resolve(answer);
  };
}

/** Runs an operation in its event, and fills in what the result says. */
function announced<T>(event: OperationEvent, run: () => Promise<T>): Promise<T> {
  return traceOperation(event, async () => {
    const result = await run();
    event.rows = rowsOf(result) ?? event.rows;
    event.cacheHit ??= (result as { cacheHit?: boolean } | undefined | null)?.cacheHit;
    return result;
  });
}

/** Returns the counts of a batch, or the id and rows of a transaction, as far as a result or an error has them. */
function detailsOf(source: unknown): Partial<AuditEntry> {
  const { insertedCount, updatedCount, failedCount, transactionId, rowCounts, refused } = (source ??
    {}) as Partial<BatchResult & TransactionResult & TransactionError>;
  if (transactionId === undefined) return { insertedCount, updatedCount, failedCount };
  return {
    batchId: transactionId,
    transactionId,
    insertedCount: rowCounts && sum(Object.values(rowCounts)),
    failedCount: refused?.length ? sum(refused.map(({ rowCount }) => rowCount)) : undefined,
  };
}

const sum = (counts: readonly number[]): number => counts.reduce((total, count) => total + count, 0);

function rowsOf(result: unknown): number | undefined {
  if (typeof result !== 'object' || result === null) return undefined;
  const { data, insertedCount, updatedCount } = result as { data?: unknown[] } & Partial<BatchResult>;
  if (Array.isArray(data)) return data.length;
  return insertedCount === undefined ? undefined : insertedCount + (updatedCount ?? 0);
}
