import { once } from 'node:events';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Cluster, Redis } from 'ioredis';
import { freePort } from '../free-port.js';
import { until } from '../until.js';
import { RedisProcess } from './redis-process.js';

const SLOTS = 16_384;
const NODE_TIMEOUT_MS = 1_000;

/** A node with a client for administration. */
export interface ClusterNode {
  readonly server: RedisProcess;
  readonly redis: Redis;
  readonly id: string;
}

/** A Redis cluster on processes of its own: shards in the order of their slots, each with a replica if requested. */
export class RedisClusterProcesses {
  readonly masters: readonly ClusterNode[];
  readonly replicas: readonly ClusterNode[];
  readonly #directory: string;
  /** Client of the whole cluster. */
  readonly client: Cluster;

  private constructor(directory: string, masters: readonly ClusterNode[], replicas: readonly ClusterNode[]) {
    this.#directory = directory;
    this.masters = masters;
    this.replicas = replicas;
    this.client = new Cluster(masters.map(({ server }) => server.address));
    this.client.on('error', () => undefined);
  }

  static async start(masterCount: number, replicaCount: 0 | 1): Promise<RedisClusterProcesses> {
    const directory = await mkdtemp(join(tmpdir(), 'redis-cluster-'));
    const count = masterCount * (1 + replicaCount);
    const nodes = await Promise.all(Array.from({ length: count }, (_, i) => startNode(directory, i)));
    const [first, ...others] = nodes.map(({ node }) => node);
    const masters = [first!, ...others.slice(0, masterCount - 1)];
    const replicas = others.slice(masterCount - 1);
    await Promise.all(
      masters.map(({ redis }, i) => {
        const [from, to] = [i, i + 1].map((share) => Math.floor((SLOTS * share) / masterCount));
        return redis.call('CLUSTER', 'ADDSLOTSRANGE', from!, to! - 1);
      }),
    );
    for (const { node, busPort } of nodes.slice(1)) {
      await first!.redis.call('CLUSTER', 'MEET', '127.0.0.1', node.server.port, busPort);
    }
    await Promise.all(replicas.map((replica, i) => follow(replica, masters[i]!)));
    const cluster = new RedisClusterProcesses(directory, masters, replicas);
    await Promise.all([cluster.settled(), once(cluster.client, 'ready')]);
    return cluster;
  }

  /** Connection settings for a client. */
  get settings() {
    const [first, ...others] = this.masters.map(({ server }) => server);
    const nodes = others.map(({ address }) => address);
    return { url: first!.url, cluster: { enabled: true, nodes, maxRedirections: 3, retryDelayMs: 100 } };
  }

  get nodes(): ClusterNode[] {
    return [...this.masters, ...this.replicas];
  }

  /** Returns a key with a prefix whose slot a node serves. */
  async keyOn({ redis }: ClusterNode, prefix: string): Promise<string> {
    for (let i = 0; ; i++) {
      const isThere = await redis.exists(`${prefix}${i}`).catch(() => undefined);
      if (isThere !== undefined) return `${prefix}${i}`;
    }
  }

  /** Moves a slot and its keys, one at a time, while clients use it. */
  async moveSlot(slot: number, from: ClusterNode, to: ClusterNode): Promise<void> {
    await to.redis.cluster('SETSLOT', slot, 'IMPORTING', from.id);
    await from.redis.cluster('SETSLOT', slot, 'MIGRATING', to.id);
    for (;;) {
      const [key] = await from.redis.cluster('GETKEYSINSLOT', slot, 1);
      if (key === undefined) break;
      await from.redis.migrate('127.0.0.1', to.server.port, String(key), 0, 5_000);
    }
    for (const { redis } of [to, from, ...this.masters.filter((node) => node !== to && node !== from)]) {
      await redis.cluster('SETSLOT', slot, 'NODE', to.id);
    }
  }

  /** Resolves when all nodes agree that every slot is served by a master and its replicas. */
  async settled(): Promise<void> {
    const shards = this.masters.length;
    await Promise.all(this.nodes.map(({ redis }) => settled(redis, shards, this.nodes.length / shards)));
  }

  async stop(): Promise<void> {
    this.client.disconnect();
    for (const { redis } of this.nodes) redis.disconnect();
    await Promise.all(this.nodes.map(({ server }) => server.kill()));
    await rm(this.#directory, { recursive: true });
  }
}

async function startNode(directory: string, i: number): Promise<{ node: ClusterNode; busPort: number }> {
  const busPort = await freePort();
  const server = await RedisProcess.start(
    ...['--cluster-enabled', 'yes', '--cluster-port', String(busPort), '--cluster-announce-ip', '127.0.0.1'],
    ...['--cluster-node-timeout', String(NODE_TIMEOUT_MS), '--cluster-require-full-coverage', 'no'],
    ...['--repl-diskless-sync-delay', '0', '--repl-ping-replica-period', '1'],
    ...['--dir', directory, '--cluster-config-file', `nodes-${i}.conf`, '--dbfilename', `dump-${i}.rdb`],
  );
  const redis = new Redis(server.port, '127.0.0.1');
  redis.on('error', () => undefined);
  await redis.call('CLUSTER', 'SET-CONFIG-EPOCH', i + 1);
  return { node: { server, redis, id: String(await redis.cluster('MYID')) }, busPort };
}

async function follow(replica: ClusterNode, master: ClusterNode): Promise<void> {
  await until(async () => String(await replica.redis.cluster('NODES')).includes(master.id));
  await replica.redis.cluster('REPLICATE', master.id);
}

async function settled(redis: Redis, shards: number, nodesOfShard: number): Promise<void> {
  await until(async () => {
    if (!String(await redis.cluster('INFO')).includes('cluster_state:ok')) return false;
    const slots = (await redis.cluster('SLOTS')) as unknown[][];
    return slots.length === shards && slots.every((range) => range.length === 2 + nodesOfShard);
  });
}
