import type { RedisSettings } from '@quantumtrade/dal-redis';
import { sleep } from '@quantumtrade/dal-runtime';
import { type Random, until } from '@quantumtrade/dal-testing';
import { type ClusterNode, RedisClusterProcesses } from '@quantumtrade/dal-testing/redis';
import { Cluster, Redis } from 'ioredis';
import { ForeignWrites } from './foreign-writes.js';
import { cached, KEYS } from './keys.js';
import type { SharedRedis } from './shared-redis.js';
import type { CacheWrites } from './writer.js';

const MASTERS = 3;
const SLOTS = 16_384;
/** How often it is looked whether a replica has taken over, before it is asked to again. */
const LOOKS = 25;
const COMMAND_MS = 2_000;
/** A client learns of a new master by being redirected, and never without calls for that master's keys. */
const TOPOLOGY_EVERY_MS = 500;

/** Three masters with a replica each. Of each shard the same node is the master whenever nothing is under way. */
export class RedisCluster implements SharedRedis {
  /** As with one server, and a cluster is asked for its nodes every five seconds. */
  readonly boundMs = 8_000;
  readonly #cluster: RedisClusterProcesses;
  /** Masters that must do without their replicas. */
  readonly #alone = new Set<number>();

  private constructor(cluster: RedisClusterProcesses) {
    this.#cluster = cluster;
  }

  static async start(): Promise<RedisCluster> {
    return new RedisCluster(await RedisClusterProcesses.start(MASTERS, 1));
  }

  settingsOf(): RedisSettings {
    return this.#cluster.settings;
  }

  async writes(random: Random): Promise<CacheWrites> {
    const nodes = this.#cluster.nodes.map(({ server }) => server.address);
    const redis = new Cluster(nodes, {
      clusterRetryStrategy: () => 50,
      slotsRefreshInterval: TOPOLOGY_EVERY_MS,
    });
    return new ForeignWrites(redis, random, (master) => this.#alone.has(master.options.port!));
  }

  /** Kills a shard's master. Resolves when its replica has taken over. */
  async kill(shard: number): Promise<void> {
    const { master, replica } = await this.#inOrder(shard);
    await master.server.kill();
    await until(() => isMaster(replica));
    this.#alone.add(replica.server.port);
  }

  /** Starts it again, and has it be the master as soon as it has everything. */
  async restore(shard: number): Promise<void> {
    const { master, replica } = this.#shard(shard);
    await master.server.start();
    await until(() => isInStep(master));
    this.#alone.delete(replica.server.port);
    await this.#inOrder(shard);
  }

  /** Ends a shard's master, which comes back later and has nothing. Its replica must not take over what it has. */
  async restart(shard: number, whileDown: (keys: readonly number[]) => Promise<void>): Promise<void> {
    const { master, replica } = await this.#inOrder(shard);
    const keys = await this.#keysOf(shard);
    await command(replica, 'CONFIG', 'SET', 'cluster-replica-no-failover', 'yes');
    await master.server.kill();
    await whileDown(keys);
    this.#alone.add(master.server.port);
    await master.server.start();
    await until(() => isInStep(replica));
    this.#alone.delete(master.server.port);
    await command(replica, 'CONFIG', 'SET', 'cluster-replica-no-failover', 'no');
  }

  /** The replica takes over from the master and gives it back, and no connection ends. */
  async swap(shard: number): Promise<void> {
    const { master, replica } = await this.#inOrder(shard);
    await handOver(master, replica);
    await this.#inOrder(shard);
  }

  /** Moves the slot of one of a shard's keys to another master and back. */
  async migrate(shard: number): Promise<void> {
    const { master: from } = await this.#inOrder(shard);
    const { master: to } = await this.#inOrder((shard + 1) % MASTERS);
    const [key] = await this.#keysOf(shard);
    const slot = await this.#slotOf(key!);
    await this.#cluster.moveSlot(slot, from, to);
    await this.#cluster.moveSlot(slot, to, from);
  }

  stop(): Promise<void> {
    return this.#cluster.stop();
  }

  /** A shard of which the master is the master: on a busy machine its replica may have taken over by itself. */
  async #inOrder(shard: number): Promise<Shard> {
    const { master, replica } = this.#shard(shard);
    await handOver(replica, master);
    await this.#cluster.settled();
    return { master, replica };
  }

  async #keysOf(shard: number): Promise<readonly number[]> {
    const slots = await Promise.all(KEYS.map((key) => this.#slotOf(key)));
    return KEYS.filter((key) => Math.floor((slots[key]! * MASTERS) / SLOTS) === shard);
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

/** Resolves when one is the master and the other its replica. A master that has not heard of its replica has to be asked again. */
async function handOver(from: ClusterNode, to: ClusterNode): Promise<void> {
  for (let looks = 0; !((await isMaster(to)) && (await isInStep(from))); await sleep(20)) {
    if ((await isInStep(to)) && looks++ % LOOKS === 0) await command(to, 'CLUSTER', 'FAILOVER');
  }
}

/** On a connection of its own, for others may not come back in time. Undefined if that fails. */
async function command({ server }: ClusterNode, name: string, ...args: string[]): Promise<unknown> {
  const redis = new Redis(server.url, { retryStrategy: () => null, commandTimeout: COMMAND_MS });
  redis.on('error', () => undefined);
  const reply = await redis.call(name, ...args).catch(() => undefined);
  redis.disconnect();
  return reply;
}

const roleOf = async (node: ClusterNode) => ((await command(node, 'ROLE')) ?? []) as readonly unknown[];
const isMaster = async (node: ClusterNode) => (await roleOf(node))[0] === 'master';

async function isInStep(node: ClusterNode): Promise<boolean> {
  const [role, , , state] = await roleOf(node);
  return role === 'slave' && state === 'connected';
}
