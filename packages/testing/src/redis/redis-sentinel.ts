import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Redis } from 'ioredis';
import { freePort } from '../free-port.js';
import { until } from '../until.js';
import { RedisProcess } from './redis-process.js';

const SENTINELS = 3;
export const REPLICAS = 2;
const NAME = 'main';
/** Longer than the second between a Sentinel's pings: otherwise it may depose a healthy master that it began to monitor. */
const DOWN_AFTER_MS = 2_000;
const PASSWORD = 's3ntinel-password';

/** A master with two replicas, monitored by three Sentinels that require a password. */
export class SentinelProcesses {
  readonly servers: readonly RedisProcess[];
  readonly sentinels: readonly RedisProcess[];
  readonly #directory: string;
  readonly #clients: readonly Redis[];

  private constructor(directory: string, servers: RedisProcess[], sentinels: RedisProcess[]) {
    this.#directory = directory;
    this.servers = servers;
    this.sentinels = sentinels;
    this.#clients = sentinels.map(({ port }) => new Redis(port, '127.0.0.1', { password: PASSWORD }));
  }

  static async start(): Promise<SentinelProcesses> {
    const directory = await mkdtemp(join(tmpdir(), 'redis-sentinel-'));
    const start = (i: number, ...args: string[]) =>
      RedisProcess.start(
        ...['--dir', directory, '--dbfilename', `dump-${i}.rdb`, '--repl-diskless-sync-delay', '0'],
        ...['--repl-ping-replica-period', '1', ...args],
      );
    const master = await start(0);
    const replicas = await Promise.all(
      Array.from({ length: REPLICAS }, (_, i) =>
        start(i + 1, '--replicaof', '127.0.0.1', String(master.port)),
      ),
    );
    await Promise.all(replicas.map(({ port }) => inSync(port)));
    const sentinels = await Promise.all(
      Array.from({ length: SENTINELS }, () => startSentinel(directory, master.port)),
    );
    const processes = new SentinelProcesses(directory, [master, ...replicas], sentinels);
    await processes.settled();
    return processes;
  }

  /** Connection settings for a client. */
  get settings() {
    const nodes = this.sentinels.map(({ address }) => address);
    return { name: NAME, nodes, password: PASSWORD };
  }

  /** Returns the master that a majority of the Sentinels names, or undefined without a majority. */
  async master(): Promise<RedisProcess | undefined> {
    const answers = await Promise.all(
      this.#clients.map(
        (redis) => redis.call('SENTINEL', 'GET-MASTER-ADDR-BY-NAME', NAME) as Promise<string[]>,
      ),
    );
    const ports = answers.map((address) => Number(address[1]));
    return this.servers.find(({ port }) => ports.filter((other) => other === port).length * 2 > SENTINELS);
  }

  async stop(): Promise<void> {
    for (const redis of this.#clients) redis.disconnect();
    await Promise.all([...this.sentinels, ...this.servers].map((server) => server.kill()));
    await rm(this.#directory, { recursive: true });
  }

  /** Resolves when all Sentinels know each other, name the same master and see every server up. */
  async settled(): Promise<void> {
    await until(async () => {
      const master = await this.master();
      const sentinels = await Promise.all(this.#clients.map((redis) => isSettled(redis, master?.port)));
      return sentinels.every((settled) => settled);
    });
  }
}

async function isSettled(sentinel: Redis, masterPort: number | undefined): Promise<boolean> {
  const master = (await sentinel.call('SENTINEL', 'MASTER', NAME)) as string[];
  const replicas = (await sentinel.call('SENTINEL', 'REPLICAS', NAME)) as string[][];
  const healthy = replicas.filter((replica) => field(replica, 'flags') === 'slave');
  return (
    field(master, 'num-other-sentinels') === String(SENTINELS - 1) &&
    field(master, 'port') === String(masterPort) &&
    field(master, 'flags') === 'master' &&
    healthy.length === REPLICAS
  );
}

const field = (fields: readonly string[], name: string) => fields[fields.indexOf(name) + 1];

async function startSentinel(directory: string, masterPort: number): Promise<RedisProcess> {
  const port = await freePort();
  const file = join(directory, `sentinel-${port}.conf`);
  const lines = [
    `port ${port}`,
    'bind 127.0.0.1',
    `dir ${directory}`,
    `requirepass ${PASSWORD}`,
    `sentinel monitor ${NAME} 127.0.0.1 ${masterPort} 2`,
    `sentinel down-after-milliseconds ${NAME} ${DOWN_AFTER_MS}`,
    `sentinel failover-timeout ${NAME} 5000`,
  ];
  await writeFile(file, lines.join('\n'));
  return RedisProcess.startWith(file, port, '--sentinel');
}

async function inSync(port: number): Promise<void> {
  const redis = new Redis(port, '127.0.0.1');
  await until(async () => (await redis.info('replication')).includes('master_link_status:up'));
  redis.disconnect();
}
