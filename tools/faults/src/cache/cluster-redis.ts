import type { RedisSettings } from '@quantumtrade/dal-redis';
import { sleep } from '@quantumtrade/dal-runtime';
import { type Random, until } from '@quantumtrade/dal-testing';
import { type ClusterNode, RedisClusterProcesses } from '@quantumtrade/dal-testing/redis';
import { Cluster, Redis } from 'ioredis';
import { ForeignClient } from './foreign-client.js';
import { cached, KEY_NUMBERS } from './cache-keys.js';
import type { SharedRedis } from './shared-redis.js';
import type { CacheClient } from './cache-writer.js';

const MASTERS = 3;
const SLOTS = 16_384;
/** Number of polls for a failover before it is requested again. */
const POLLS_PER_REQUEST = 25;
const COMMAND_MS = 2_000;
/** Interval of topology refreshes: without calls for a master's keys a client is not redirected to a new master. */
const TOPOLOGY_REFRESH_MS = 500;

/** Three masters with a replica each. Between operations, the same node of a shard is always its master. */
export class ClusterRedis implements SharedRedis {
  /** As with one server, plus the five seconds between topology refreshes. */
  readonly stalenessBoundMs = 8_000;
  readonly #cluster: RedisClusterProcesses;
  /** Ports of masters without a replica. */
  readonly #withoutReplica = new Set<number>();

  private constructor(cluster: RedisClusterProcesses) {
    this.#cluster = cluster;
  }

  static async start(): Promise<ClusterRedis> {
    return new ClusterRedis(await RedisClusterProcesses.start(MASTERS, 1));
  }

  settingsOf(): RedisSettings {
    return this.#cluster.settings;
  }

  async client(random: Random): Promise<CacheClient> {
    const nodes = this.#cluster.nodes.map(({ server }) => server.address);
    const redis = new Cluster(nodes, {
      clusterRetryStrategy: () => 50,
      slotsRefreshInterval: TOPOLOGY_REFRESH_MS,
    });
    return new ForeignClient(redis, random, (master) => this.#withoutReplica.has(master.options.port!));
  }

  /** Kills a shard's master. Resolves when its replica has taken over. */
  async kill(shard: number): Promise<void> {
    const { master, replica } = await this.#restoreRoles(shard);
    await master.server.kill();
    await until(() => isMaster(replica));
    this.#withoutReplica.add(replica.server.port);
  }

  /** Starts the killed node again and makes it the master when it is synchronized. */
  async restore(shard: number): Promise<void> {
    const { master, replica } = this.#shard(shard);
    await master.server.start();
    await until(() => isSynchronized(master));
    this.#withoutReplica.delete(replica.server.port);
    await this.#restoreRoles(shard);
  }

  /** Kills a shard's master, which restarts empty. Prevents its replica from taking over. */
  async restart(shard: number, whileDown: (keys: readonly number[]) => Promise<void>): Promise<void> {
    const { master, replica } = await this.#restoreRoles(shard);
    const keys = await this.#keysOf(shard);
    await command(replica, 'CONFIG', 'SET', 'cluster-replica-no-failover', 'yes');
    await master.server.kill();
    await whileDown(keys);
    this.#withoutReplica.add(master.server.port);
    await master.server.start();
    await until(() => isSynchronized(replica));
    this.#withoutReplica.delete(master.server.port);
    await command(replica, 'CONFIG', 'SET', 'cluster-replica-no-failover', 'no');
  }

  /** Exchanges master and replica and back without closing connections. */
  async swap(shard: number): Promise<void> {
    const { master, replica } = await this.#restoreRoles(shard);
    await handOver(master, replica);
    await this.#restoreRoles(shard);
  }

  /** Moves the slot of one key to another master and back. */
  async migrate(shard: number): Promise<void> {
    const { master: from } = await this.#restoreRoles(shard);
    const { master: to } = await this.#restoreRoles((shard + 1) % MASTERS);
    const [key] = await this.#keysOf(shard);
    const slot = await this.#slotOf(key!);
    await this.#cluster.moveSlot(slot, from, to);
    await this.#cluster.moveSlot(slot, to, from);
  }

  stop(): Promise<void> {
    return this.#cluster.stop();
  }

  /** Returns a shard with its roles restored: on a busy machine the replica may have taken over by itself. */
  async #restoreRoles(shard: number): Promise<Shard> {
    const { master, replica } = this.#shard(shard);
    await handOver(replica, master);
    await this.#cluster.settled();
    return { master, replica };
  }

  async #keysOf(shard: number): Promise<readonly number[]> {
    const slots = await Promise.all(KEY_NUMBERS.map((key) => this.#slotOf(key)));
    return KEY_NUMBERS.filter((key) => Math.floor((slots[key]! * MASTERS) / SLOTS) === shard);
  }

  #slotOf(key: number): Promise<number> {
    return this.#shard(0).master.redis.cluster('KEYSLOT', cached(key));
  }

  #shard(shard: number): Shard {
    return { master: this.#cluster.masters[shard]!, replica: this.#cluster.replicas[shard]! };
  }
}

interface Shard {
  readonly master: ClusterNode;
  readonly replica: ClusterNode;
}

/** Makes one node the master and the other its replica. Repeats the request until the nodes know each other. */
async function handOver(from: ClusterNode, to: ClusterNode): Promise<void> {
  for (let polls = 0; !((await isMaster(to)) && (await isSynchronized(from))); await sleep(20)) {
    if ((await isSynchronized(to)) && polls++ % POLLS_PER_REQUEST === 0)
      await command(to, 'CLUSTER', 'FAILOVER');
  }
}

/** Sends a command on a new connection. Returns undefined when it fails. */
async function command({ server }: ClusterNode, name: string, ...args: string[]): Promise<unknown> {
  const redis = new Redis(server.url, { retryStrategy: () => null, commandTimeout: COMMAND_MS });
  redis.on('error', () => undefined);
  const reply = await redis.call(name, ...args).catch(() => undefined);
  redis.disconnect();
  return reply;
}

const roleOf = async (node: ClusterNode) => ((await command(node, 'ROLE')) ?? []) as readonly unknown[];
const isMaster = async (node: ClusterNode) => (await roleOf(node))[0] === 'master';

async function isSynchronized(node: ClusterNode): Promise<boolean> {
  const [role, , , state] = await roleOf(node);
  return role === 'slave' && state === 'connected';
}
