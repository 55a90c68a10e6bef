import { AsyncResource } from 'node:async_hooks';
import { performance } from 'node:perf_hooks';
import { repeatable } from '@quantumtrade/dal-domain';
import { operationChannel, traceOperation } from '@quantumtrade/dal-telemetry';
import { outcomeOf } from './outcome.js';
/**
 * Returns a stream method whose iteration is one operation: it begins with the first batch that is asked for, and ends with the
 * last one, with an error, or when the caller leaves the loop. Each further loop is an operation of its own.
 */
export function observedStream(operation, series, call) {
    return repeatable(async function* (...args) {
        const event = { operation, rows: 0 };
        const startedAt = performance.now();
        const run = operationChannel.hasSubscribers ? announce(event) : undefined;
        const inOperation = (work) => (run ? run.context.runInAsyncScope(work) : work());
        let error;
        try {
            const batches = inOperation(() => call(...args)[Symbol.asyncIterator]());
            try {
                for (;;) {
                    const next = await inOperation(() => batches.next());
                    if (next.done)
                        return;
                    event.rows += 'rowCount' in next.value ? next.value.rowCount : next.value.length;
                    yield next.value;
                }
            }
            catch (cause) {
                error = { cause };
                throw cause;
            }
            finally {
                await inOperation(() => batches.return?.());
            }
        }
        finally {
            series.record(startedAt, performance.now(), error && outcomeOf(error.cause), event.trace);
            await run?.end(error);
        }
    });
}
/** Announces the start of an operation that lasts until `end` is called. */
function announce(event) {
    let context;
    let settle;
    const ended = new Promise((resolve, reject) => {
        settle = (error) => (error ? reject(error.cause) : resolve());
    });
    const announced = traceOperation(event, () => {
        context = new AsyncResource('quantumtrade.stream');
        return ended;
    }).catch(() => undefined);
    const end = (error) => {
        settle(error);
        return announced;
    };
    return { context, end };
}
