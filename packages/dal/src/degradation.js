import { unmetGuarantees } from '@quantumtrade/dal-domain';
/** Limits from which on a data layer that works counts as degraded. */
const DEGRADED_FROM = {
    /** Free share of a disk of the store, below which it is nearly full. */
    freeShare: 0.1,
    /** Age of the oldest change that a replica has not got yet (seconds). */
    replicationDelaySeconds: 60,
    /** Waiting tasks of one replicated table. */
    replicationQueue: 1_000,
    /** Parts of a partition, as a share of the number at which inserts are refused. ClickHouse slows inserts from a third on. */
    partsShare: 1 / 3,
    /** Age of a mutation that has not failed (seconds). */
    mutationAgeSeconds: 3_600,
};
/** Returns a reason for each part of a data layer that is impaired. */
export function degradationsOf(health) {
    const { cache, endpoints = [], servers = [], guarantees, pausedDeliveries = [] } = health;
    const { transactions, archive } = health;
    return [
        ...reasonFor(health.redisError !== undefined, `the cache does not answer: ${health.redisError}`),
        ...reasonFor(!cache.invalidationsConnected && health.redisHealthy, `invalidations are disconnected${cache.disconnectedReason ? ` (${cache.disconnectedReason})` : ''}`),
        ...reasonFor(cache.reads === 'suspended', 'reads of the cache are suspended'),
        ...reasonFor(cache.writes === 'suspended', 'writes of the cache are suspended'),
        ...endpoints.flatMap(({ name, state, lastError }) => reasonFor(state !== 'healthy', `${name} is out of use (${lastError ?? state})`)),
        ...reasonFor(health.pendingMigrations > 0, `${health.pendingMigrations} migrations are pending`),
        ...(guarantees ? unmetGuarantees(guarantees) : []),
        ...servers.flatMap(serverDegradations),
        ...pausedDeliveries.map(({ reason }) => `delivery of journaled blocks is paused: ${reason}`),
        ...reasonFor(transactions?.delayedBy != null, `transactions are not applied: ${transactions?.delayedBy}`),
        ...reasonFor(archive?.failedBy != null, `blocks are not moved to the archive: ${archive?.failedBy}`),
    ];
}
/** Returns a reason for each limit that a server exceeds. */
export function serverDegradations({ name, disks, replication, partitions, mutations, }) {
    const { freeShare, replicationDelaySeconds, replicationQueue, partsShare, mutationAgeSeconds } = DEGRADED_FROM;
    const reasons = [
        ...disks.flatMap((disk) => {
            const share = disk.freeBytes / disk.totalBytes;
            return reasonFor(share < freeShare, `disk ${disk.name} has ${percent(share)} free`);
        }),
        ...replication.flatMap(({ table, isReadOnly, delaySeconds, queueSize }) => [
            ...reasonFor(isReadOnly, `${table} takes no writes`),
            ...reasonFor(delaySeconds >= replicationDelaySeconds, `${table} is ${delaySeconds} s behind`),
            ...reasonFor(queueSize >= replicationQueue, `${table} has ${queueSize} replication tasks`),
        ]),
        ...partitions.flatMap(({ table, partition, parts, maxParts }) => reasonFor(maxParts > 0 && parts >= partsShare * maxParts, `partition ${partition} of ${table} has ${parts} parts, inserts are refused from ${maxParts} on`)),
        ...mutations.flatMap(({ table, mutation, ageSeconds, failure }) => reasonFor(failure !== null || ageSeconds >= mutationAgeSeconds, `mutation ${mutation} of ${table} ${failure === null ? `takes ${ageSeconds} s` : `fails (${failure})`}`)),
    ];
    return reasons.map((reason) => `${name}: ${reason}`);
}
const reasonFor = (holds, reason) => (holds ? [reason] : []);
const percent = (share) => `${(100 * share).toFixed(1)} %`;
