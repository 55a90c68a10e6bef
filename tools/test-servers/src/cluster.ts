export { ClickHouseCluster, type ClickHouseClusterOptions } from './clickhouse-cluster.js';
export type { ClickHouseNode } from './clickhouse-node.js';
