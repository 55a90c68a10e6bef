import { Cluster, type Redis } from 'ioredis';

/** Driver client of one server, or of a cluster with a connection to each node. */
export type RedisClient = Redis | Cluster;

/** Driver clients of one adapter. */
export interface RedisClients {
  /** Runs writes, and reads unless `replica` is given. A cluster client selects its replicas itself. */
  readonly master: RedisClient;
  /** Runs reads. */
  readonly replica?: Redis;
  /** Whether the master runs reads while the replica is unavailable. @default false */
  readonly readsFallBack?: boolean;
  /** Stops watching the Sentinels. The clients are closed one by one. */
  readonly stopWatching?: () => void;
}

/** Whether at least some calls can be sent. */
export function isReady({ master, replica }: RedisClients): boolean {
  return master.status === 'ready' || replica?.status === 'ready';
}

/** Returns all current connections, of a cluster those to every node. */
export function connectionsOf({ master, replica }: RedisClients): Redis[] {
  const connections = master instanceof Cluster ? master.nodes() : [master];
  return replica ? [...connections, replica] : connections;
}
