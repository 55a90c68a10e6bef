import { randomUUID } from 'node:crypto';
import { performance } from 'node:perf_hooks';
import { announcesAnswerAtHand, operationChannel, traceOperation } from '@quantumtrade/dal-telemetry';
import { observedStream } from './observed-stream.js';
import { outcomeOf } from './outcome.js';
import { isPermanent } from '@quantumtrade/dal-writer';
/** Failed blocks remembered; beyond it the oldest are forgotten and may leave a second audit entry. */
const MAX_FAILING_BLOCKS = 1_000;
/** Times, counts and announces the calls of ports, and records those that change data. */
export class Observation {
    #metrics;
    #auditing;
    constructor(metrics, auditing) {
        this.#metrics = metrics;
        this.#auditing = auditing;
    }
    /**
     * Returns a port whose calls are announced on the operation channel, timed, counted, and audited as its operations say.
     * The name of an operation is `<port>.<method>`. A subscription is returned as it is.
     */
    port(name, port, operations, cached = { calls: {} }) {
        const adapter = port;
        const calls = cached.calls;
        const atHand = cached.atHand;
        const observed = {};
        for (const [key, operation] of Object.entries(operations)) {
            const uncached = (...args) => adapter[key](...args);
            const call = cachedUnlessAfter(calls[key], uncached, operation);
            if (operation.returns === 'subscription') {
                observed[key] = call;
                continue;
            }
            const series = this.#metrics.series(`${name}.${key}`);
            if (operation.returns === 'stream') {
                observed[key] = observedStream(`${name}.${key}`, series, call);
                continue;
            }
            const observedCall = this.#call(`${name}.${key}`, series, call, operation.isAudited);
            const peek = atHand?.[key];
            observed[key] = peek ? answeredAtHand(series, peek, observedCall) : observedCall;
        }
        return observed;
    }
    /**
     * Returns an observed block writer. Its audit entries are named `<record>.write` and carry the block's id. A
     * block leaves one entry when it is stored, one when it is refused for good, and one at the first of its retryable failures.
     */
    blocks(blocks) {
        const series = this.#metrics.series('blocks.write');
        const failing = new Set();
        const isFirstFailure = (id, error) => {
            const isKnown = failing.delete(id);
            if (isPermanent(error))
                return true;
            failing.add(id);
            if (failing.size > MAX_FAILING_BLOCKS)
                failing.delete(failing.values().next().value);
            return !isKnown;
        };
        return {
            collect: (record) => blocks.collect(record),
            write: async (block, options) => {
                const { record, id, rowCount, transactionId } = block;
                const event = { operation: 'blocks.write', rows: rowCount };
                const entry = { operation: `${record}.write`, batchId: id, transactionId };
                const startedAt = performance.now();
                let receipt;
                try {
                    receipt = await announced(event, () => blocks.write(block, options));
                }
                catch (error) {
                    series.record(startedAt, performance.now(), outcomeOf(error), event.trace);
                    if (isFirstFailure(id, error))
                        await this.#audit(event, { ...entry, outcome: outcomeOf(error) });
                    throw error;
                }
                series.record(startedAt, performance.now(), undefined, event.trace);
                failing.delete(id);
                await this.#audit(event, { ...entry, insertedCount: rowCount, outcome: 'ok' });
                return receipt;
            },
        };
    }
    #call(operation, series, call, isAudited) {
        const leavesEntry = isAudited && this.#auditing !== undefined;
        return async (...args) => {
            const event = { operation, args };
            const startedAt = performance.now();
            let result;
            try {
                result = operationChannel.hasSubscribers
                    ? await announced(event, () => call(...args))
                    : await call(...args);
            }
            catch (error) {
                series.record(startedAt, performance.now(), outcomeOf(error), event.trace);
                if (leavesEntry)
                    await this.#audit(event, { ...detailsOf(error), outcome: outcomeOf(error) });
                throw error;
            }
            series.record(startedAt, performance.now(), undefined, event.trace);
            if (leavesEntry)
                await this.#audit(event, { ...detailsOf(result), outcome: 'ok' });
            return result;
        };
    }
    /** Records what happened. A sink that fails changes nothing about it. */
    async #audit({ operation, queryId }, details) {
        if (this.#auditing === undefined)
            return;
        const { sink, actor, clock } = this.#auditing;
        const { batchId = randomUUID() } = details;
        try {
            await sink.record({ at: clock.now(), actor, operation, queryId, ...details, batchId });
        }
        catch {
            // The port says that a sink does not throw.
        }
    }
}
/** Whether the options of a call, its last argument, name writes that it must see. */
function mustSeeWrites(args) {
    const options = args.at(-1);
    try {
        return typeof options === 'object' && options !== null && 'readAfter' in options;
    }
    catch {
        return false;
    }
}
/** Returns a method that is answered from the cache, unless it is a read that must see a write: a cached value may be older. */
const cachedUnlessAfter = (cached, uncached, { access }) => cached && access === 'read'
    ? (...args) => (mustSeeWrites(args) ? uncached(...args) : cached(...args))
    : (cached ?? uncached);
/** Calls the method only where no value is in the first level, and where the answer is announced. */
function answeredAtHand(series, peek, call) {
    return (...args) => {
        const mayHaveOptions = typeof args.at(-1) === 'object';
        if (announcesAnswerAtHand() || (mayHaveOptions && mustSeeWrites(args)))
            return call(...args);
        const startedAt = performance.now();
        let answer;
        try {
            answer = peek(...args);
        }
        catch {
            // The call fails likewise, and is counted.
            return call(...args);
        }
        if (answer === undefined)
            return call(...args);
        series.record(startedAt, performance.now());
        return Promise.resolve(answer);
    };
}
/** Runs an operation in its event, and fills in what the result says. */
function announced(event, run) {
    return traceOperation(event, async () => {
        const result = await run();
        event.rows = rowsOf(result) ?? event.rows;
        event.cacheHit ??= result?.cacheHit;
        return result;
    });
}
/** Returns the counts of a batch, or the id and rows of a transaction, as far as a result or an error has them. */
function detailsOf(source) {
    const { insertedCount, updatedCount, failedCount, transactionId, rowCounts, refused } = (source ??
        {});
    if (transactionId === undefined)
        return { insertedCount, updatedCount, failedCount };
    return {
        batchId: transactionId,
        transactionId,
        insertedCount: rowCounts && sum(Object.values(rowCounts)),
        failedCount: refused?.length ? sum(refused.map(({ rowCount }) => rowCount)) : undefined,
    };
}
const sum = (counts) => counts.reduce((total, count) => total + count, 0);
function rowsOf(result) {
    if (typeof result !== 'object' || result === null)
        return undefined;
    const { data, insertedCount, updatedCount } = result;
    if (Array.isArray(data))
        return data.length;
    return insertedCount === undefined ? undefined : insertedCount + (updatedCount ?? 0);
}
