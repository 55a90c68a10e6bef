export { RedisClusterProcesses, type ClusterNode } from './redis-cluster.js';
export { RedisProcess } from './redis-process.js';
export { REPLICAS, SentinelProcesses } from './redis-sentinel.js';
