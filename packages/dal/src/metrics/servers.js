import { serverAttributes } from '@quantumtrade/dal-telemetry';
const ENDPOINT_STATES = ['healthy', 'ejected', 'probation'];
/** Adds the connections to a backend, and the retries that it may make. */
export function measureConnections(into, probe) {
    const { system } = probe;
    const endpoints = probe.endpoints?.();
    const addCount = (pool, state, count) => into.add('db.client.connection.count', count, {
        'db.client.connection.pool.name': pool,
        'db.client.connection.state': state,
    });
    if (!endpoints)
        addCount(system, 'used', probe.connectionCount());
    for (const endpoint of endpoints ?? []) {
        addCount(endpoint.name, 'used', endpoint.inUse);
        addCount(endpoint.name, 'idle', endpoint.idle);
        measureEndpoint(into, endpoint);
    }
    const balance = probe.retryBalance?.();
    if (balance !== undefined)
        into.add('quantumtrade.dal.retry_budget.balance', balance, { 'db.system.name': system });
}
function measureEndpoint(into, endpoint) {
    const { name, role, limit, waiting, waitedMs, ejections, orphanSeconds, orphanedQueries } = endpoint;
    const pool = { 'db.client.connection.pool.name': name };
    const server = serverAttributes(name);
    into.add('db.client.connection.max', limit, pool);
    into.add('db.client.connection.pending_requests', waiting, pool);
    into.add('quantumtrade.dal.connection.wait_time', waitedMs / 1_000, pool);
    for (const state of ENDPOINT_STATES) {
        into.add('quantumtrade.dal.endpoint.state', Number(state === endpoint.state), {
            ...server,
            'quantumtrade.dal.endpoint.role': role,
            'quantumtrade.dal.endpoint.state': state,
        });
    }
    into.add('quantumtrade.dal.endpoint.ejections', ejections, server);
    into.add('quantumtrade.dal.orphan.duration', orphanSeconds, server);
    into.add('quantumtrade.dal.orphan.queries', orphanedQueries, server);
}
/** Adds disks and replication of each server that has reported them. */
export function measureConditions(into, servers) {
    for (const { name, disks, replication } of servers) {
        const server = serverAttributes(name);
        for (const disk of disks) {
            const attributes = { ...server, 'quantumtrade.dal.disk': disk.name };
            into.add('quantumtrade.dal.disk.free', disk.freeBytes, attributes);
            into.add('quantumtrade.dal.disk.size', disk.totalBytes, attributes);
        }
        for (const { table, delaySeconds } of replication) {
            into.add('quantumtrade.dal.replication.delay', delaySeconds, {
                ...server,
                'db.collection.name': table,
            });
        }
    }
}
/** Adds the storage of each table and partition, the compression of each table, and the mutations of each server. */
export function measureStorage(into, servers) {
    for (const { name, error, partitions, unfinishedMutations, failedMutations } of servers) {
        if (error !== undefined)
            continue;
        const server = serverAttributes(name);
        into.add('quantumtrade.dal.mutations.unfinished', unfinishedMutations, server);
        into.add('quantumtrade.dal.mutations.failed', failedMutations, server);
        const tables = new Map();
        for (const { table, partition, parts, partsOfFullest, rows, compressedBytes, uncompressedBytes, } of partitions) {
            const attributes = {
                ...server,
                'db.collection.name': table,
                'quantumtrade.dal.partition': partition,
            };
            const addSize = (form, bytes) => into.add('quantumtrade.dal.storage.size', bytes, {
                ...attributes,
                'quantumtrade.dal.storage.form': form,
            });
            addSize('compressed', compressedBytes);
            addSize('uncompressed', uncompressedBytes);
            into.add('quantumtrade.dal.storage.rows', rows, attributes);
            into.add('quantumtrade.dal.storage.parts', parts, attributes);
            const sums = tables.get(table) ?? { compressed: 0, uncompressed: 0, fullest: 0 };
            tables.set(table, sums);
            sums.compressed += compressedBytes;
            sums.uncompressed += uncompressedBytes;
            sums.fullest = Math.max(sums.fullest, partsOfFullest);
        }
        for (const [table, { compressed, uncompressed, fullest }] of tables) {
            const attributes = { ...server, 'db.collection.name': table };
            into.add('quantumtrade.dal.storage.parts.max', fullest, attributes);
            if (compressed > 0)
                into.add('quantumtrade.dal.storage.compression', uncompressed / compressed, attributes);
        }
    }
}
/** Adds the rows and bytes that the store has confirmed. */
export function measureIngest(into, ingested) {
    for (const { record, rows, bytes } of ingested) {
        const attributes = { 'quantumtrade.dal.record': record };
        into.add('quantumtrade.dal.ingest.rows', rows, attributes);
        into.add('quantumtrade.dal.ingest.size', bytes, attributes);
    }
}
