export {
  ReplicatingServer,
  hasReplicatingServer,
  type ReplicatingServerOptions,
} from './replicating-server.js';
export { ZooKeeperProcess, hasZooKeeper } from './zookeeper-process.js';
