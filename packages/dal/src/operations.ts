import type { BatchResult, BlockWriter } from '@quantumtrade/dal-domain';
import type { OperationEvent, OperationMetrics } from '@quantumtrade/dal-telemetry';
import { currentOperation, operationChannel, traceOperation } from '@quantumtrade/dal-telemetry';
import type { Auditing, Modification } from './auditing.js';
import { audit, outcomeOf } from './auditing.js';
import type { CacheObserver } from './caching/cached-values.js';
import type { KnownBlock, TransactionError, TransactionResult } from '@quantumtrade/dal-writer';
import { isRefusal } from '@quantumtrade/dal-writer';

/** Port methods that change data; each call leaves an audit entry. */
const MODIFYING = new Set(['insert', 'save', 'end', 'revoke', 'initialize', 'migrate', 'run']);

/** Port methods that return something to be read for as long as one likes, in place of a promise. */
const LASTING = new Set(['subscribe']);

type Method = (...args: unknown[]) => Promise<unknown>;

/**
 * Wraps a port so that each call of its methods is announced on the operation channel, timed, counted, and, where it
 * changes data, audited. The operation's name is `<port>.<method>`. A subscription is passed on as it is: it has no duration
 * to be timed, and its failures are its consumer's.
 */
export function observed<Port extends object>(
  name: string,
  port: Port,
  metrics: OperationMetrics,
  auditing: Auditing,
): Port {
  const methods = port as Record<string, Method>;
  const watch = (key: string): Method => {
    const operation = `${name}.${key}`;
    const call: Method = (...args) => methods[key]!(...args);
    if (LASTING.has(key)) return call;
    const measured = timed(operation, metrics, call);
    if (MODIFYING.has(key)) {
      return (...args) => {
        const event: OperationEvent = { operation };
        return audited(event, auditing, () => announced(event, () => measured(...args)));
      };
    }
    return (...args) =>
      operationChannel.hasSubscribers ? announced({ operation }, () => measured(...args)) : measured(...args);
  };
  return Object.fromEntries(methodsOf(port).map((key) => [key, watch(key)])) as Port;
}

/** The names of an object's methods, its own and those of its class. */
function methodsOf(port: object): string[] {
  const names = new Set<string>();
  for (let at = port; at !== Object.prototype; at = Object.getPrototypeOf(at) as object) {
    for (const [key, { value }] of Object.entries(Object.getOwnPropertyDescriptors(at))) {
      if (typeof value === 'function' && key !== 'constructor') names.add(key);
    }
  }
  return [...names];
}

/** Counts lookups of the cache, and has the operation that looked up tell of it. */
export const observedLookups = (metrics: OperationMetrics): CacheObserver => ({
  cacheLookup(hit) {
    metrics.cacheLookup(hit);
    const operation = currentOperation();
    if (operation) operation.cacheHit = hit;
  },
});

/** Blocks known to have failed, of which the oldest are forgotten: they may be told of again. */
const REMEMBERED_FAILURES = 1_000;

/**
 * Wraps a block writer likewise. Its audit entries are called `<record>.write` and have the block's id. A block leaves one
 * when it is stored, one when it is refused for good, and one at the first of those attempts that may help or not.
 */
export function observedBlocks(
  blocks: BlockWriter,
  metrics: OperationMetrics,
  auditing: Auditing,
): BlockWriter {
  const failing = new Set<string>();
  const isNews = (id: string, error: unknown) => {
    const isKnown = failing.delete(id);
    if (isRefusal(error)) return true;
    failing.add(id);
    if (failing.size > REMEMBERED_FAILURES) failing.delete(failing.values().next().value!);
    return !isKnown;
  };
  return {
    collect: (record) => blocks.collect(record),
    async write(block: KnownBlock, options) {
      const { record, id, rowCount, transactionId } = block;
      const event: OperationEvent = { operation: 'blocks.write', rows: rowCount };
      const tell = (outcome: string, insertedCount?: number) =>
        audit(auditing, {
          operation: `${record}.write`,
          batchId: id,
          transactionId,
          queryId: event.queryId,
          insertedCount,
          outcome,
        });
      const write = timed('blocks.write', metrics, () => blocks.write(block, options));
      const receipt = await announced(event, write).catch(async (error: unknown) => {
        if (isNews(id, error)) await tell(outcomeOf(error));
        throw error;
      });
      failing.delete(id);
      await tell('ok', rowCount);
      return receipt;
    },
  };
}

/** Counts each call when it has ended, and how long it took. */
function timed<A extends unknown[], T>(
  operation: string,
  metrics: OperationMetrics,
  call: (...args: A) => Promise<T>,
): (...args: A) => Promise<T> {
  return async (...args) => {
    const started = performance.now();
    let error = true;
    try {
      const result = await call(...args);
      error = false;
      return result;
    } finally {
      metrics.observe(operation, performance.now() - started, { error });
    }
  };
}

/** Runs an operation in its event, which learns what can be told of the result. */
function announced<T>(event: OperationEvent, run: () => Promise<T>): Promise<T> {
  return traceOperation(event, async () => {
    const result = await run();
    event.rows = rowsOf(result) ?? event.rows;
    event.cacheHit ??= (result as { cacheHit?: boolean } | undefined | null)?.cacheHit;
    return result;
  });
}

async function audited<T>(event: OperationEvent, auditing: Auditing, run: () => Promise<T>): Promise<T> {
  const tell = (what: object | null | undefined, outcome: string) =>
    audit(auditing, { operation: event.operation, queryId: event.queryId, ...detailsOf(what), outcome });
  const result = await run().catch(async (error: unknown) => {
    await tell(error as object, outcomeOf(error));
    throw error;
  });
  await tell(result as object, 'ok');
  return result;
}

/** The counts of a batch, or the transaction's id and rows, as far as a result or an error tells them. */
function detailsOf(what: object | null | undefined): Partial<Modification> {
  const { insertedCount, updatedCount, failedCount, transactionId, rowCounts, refused } = (what ??
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
