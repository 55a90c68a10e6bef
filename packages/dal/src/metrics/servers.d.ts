import type { BackendProbe, IngestedRows, ServerCondition } from '@quantumtrade/dal-domain';
import type { ServerStorage } from '@quantumtrade/dal-domain/operations';
import { type Measurements } from '@quantumtrade/dal-telemetry';
/** Adds the connections to a backend, and the retries that it may make. */
export declare function measureConnections(into: Measurements, probe: BackendProbe): void;
/** Adds disks and replication of each server that has reported them. */
export declare function measureConditions(into: Measurements, servers: readonly ServerCondition[]): void;
/** Adds the storage of each table and partition, the compression of each table, and the mutations of each server. */
export declare function measureStorage(into: Measurements, servers: readonly ServerStorage[]): void;
/** Adds the rows and bytes that the store has confirmed. */
export declare function measureIngest(into: Measurements, ingested: readonly IngestedRows[]): void;
