import type { DatabaseMetrics } from '@quantumtrade/dal-domain';
import type { DatabaseServices } from './database-ports.js';
/** Returns the metrics of a data layer since it was opened. */
export declare function performanceMetrics(services: DatabaseServices, connectionCount: number): DatabaseMetrics;
