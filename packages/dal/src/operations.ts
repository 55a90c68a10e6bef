import { randomUUID } from 'node:crypto';
import type { AuditSink, BatchResult, Clock } from '@quantumtrade/dal-domain';
import { isDatabaseError } from '@quantumtrade/dal-domain';
import type { OperationEvent, OperationMetrics } from '@quantumtrade/dal-telemetry';
import { traceOperation } from '@quantumtrade/dal-telemetry';

/** Who writes audit entries, where to, and by which clock. */
export interface Auditing {
  readonly sink: AuditSink;
  readonly actor: string;
  readonly clock: Clock;
}

/** Port methods that change data; each call leaves an audit entry. */
const MODIFYING = new Set(['insert', 'save', 'end', 'revoke', 'initialize', 'migrate', 'run']);

/**
 * Wraps a port so that each call of its methods is announced on the operation channel, timed, counted, and, where it
 * changes data, audited. The operation's name is `<port>.<method>`.
 */
export function observed<Port extends object>(
  name: string,
  port: Port,
  metrics: OperationMetrics,
  auditing: Auditing,
): Port {
  return new Proxy(port, {
    get(target, key) {
      const member: unknown = Reflect.get(target, key);
      if (typeof member !== 'function' || typeof key !== 'string') return member;
      return (...args: unknown[]) => {
        const operation = `${name}.${key}`;
        const event: OperationEvent = { operation };
        const call = () => timed(event, metrics, () => member.apply(target, args) as Promise<unknown>);
        return MODIFYING.has(key) ? audited(event, auditing, call) : call();
      };
    },
  });
}

function timed<T>(event: OperationEvent, metrics: OperationMetrics, run: () => Promise<T>): Promise<T> {
  return traceOperation(event, async () => {
    const started = performance.now();
    let failed = true;
    try {
      const result = await run();
      event.rows = rowsOf(result);
      event.cacheHit = (result as { cacheHit?: boolean } | undefined | null)?.cacheHit;
      failed = false;
      return result;
    } finally {
      metrics.observe(event.operation, performance.now() - started, { error: failed });
    }
  });
}

async function audited<T>(
  event: OperationEvent,
  { sink, actor, clock }: Auditing,
  run: () => Promise<T>,
): Promise<T> {
  const batchId = randomUUID();
  const record = async (outcome: string, counts: Partial<BatchResult> = {}) =>
    sink.record({
      at: clock.now(),
      actor,
      operation: event.operation,
      batchId,
      queryId: event.queryId,
      insertedCount: counts.insertedCount,
      updatedCount: counts.updatedCount,
      failedCount: counts.failedCount,
      outcome,
    });
  const result = await run().catch(async (error: unknown) => {
    await record(isDatabaseError(error) ? error.code : 'FAILED').catch(() => undefined);
    throw error;
  });
  // What happened has happened: a sink that fails changes nothing about it.
  await record('ok', (result as Partial<BatchResult> | undefined) ?? {}).catch(() => undefined);
  return result;
}

function rowsOf(result: unknown): number | undefined {
  if (typeof result !== 'object' || result === null) return undefined;
  const { data, insertedCount, updatedCount } = result as { data?: unknown[] } & Partial<BatchResult>;
  if (Array.isArray(data)) return data.length;
  return insertedCount === undefined ? undefined : insertedCount + (updatedCount ?? 0);
}
