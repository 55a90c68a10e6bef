import type { HealthStatus, ServerCondition } from '@quantumtrade/dal-domain';
/** Returns a reason for each part of a data layer that is impaired. */
export declare function degradationsOf(health: Omit<HealthStatus, 'ready' | 'degradedBy'>): string[];
/** Returns a reason for each limit that a server exceeds. */
export declare function serverDegradations({ name, disks, replication, partitions, mutations, }: ServerCondition): string[];
