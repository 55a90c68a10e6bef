import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Redis } from 'ioredis';
import { freePort, RedisProcess, until } from './redis-process.js';

const SENTINELS = 3;
export const REPLICAS = 2;
const NAME = 'main';
/** More than the second between a Sentinel's pings: with less it may depose a living master that it has just begun to watch. */
const DOWN_AFTER_MS = 2_000;
const PASSWORD = 's3ntinel-password';

/** A master with two replicas, watched by three Sentinels that ask for a password. */
export class SentinelProcesses {
  readonly servers: readonly RedisProcess[];
  readonly sentinels: readonly RedisProcess[];
  readonly #directory: string;
  readonly #asking: readonly Redis[];

  private constructor(directory: string, servers: RedisProcess[], sentinels: RedisProcess[]) {
    this.#directory = directory;
    this.servers = servers;
    this.sentinels = sentinels;
    this.#asking = sentinels.map(({ port }) => new Redis(port, '127.0.0.1', { password: PASSWORD }));
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

  /** What a client must know. */
  get settings() {
    const nodes = this.sentinels.map(({ address }) => address);
    return { name: NAME, nodes, password: PASSWORD };
  }

  /** The master by what most Sentinels say; undefined while they do not agree. */
  async master(): Promise<RedisProcess | undefined> {
    const said = await Promise.all(
      this.#asking.map(
        (redis) => redis.call('SENTINEL', 'GET-MASTER-ADDR-BY-NAME', NAME) as Promise<string[]>,
      ),
    );
    const ports = said.map((address) => Number(address[1]));
    return this.servers.find(({ port }) => ports.filter((other) => other === port).length * 2 > SENTINELS);
  }

  async stop(): Promise<void> {
    for (const redis of this.#asking) redis.disconnect();
    await Promise.all([...this.sentinels, ...this.servers].map((server) => server.kill()));
    await rm(this.#directory, { recursive: true });
  }

  /** Resolves when all know each other, name one master, and find every server well. */
  async settled(): Promise<void> {
    await until(async () => {
      const master = await this.master();
      const sentinels = await Promise.all(this.#asking.map((redis) => isContent(redis, master?.port)));
      return sentinels.every((isContent) => isContent);
    });
  }
}

async function isContent(sentinel: Redis, masterPort: number | undefined): Promise<boolean> {
  const master = (await sentinel.call('SENTINEL', 'MASTER', NAME)) as string[];
  const replicas = (await sentinel.call('SENTINEL', 'REPLICAS', NAME)) as string[][];
  const well = replicas.filter((replica) => field(replica, 'flags') === 'slave');
  return (
    field(master, 'num-other-sentinels') === String(SENTINELS - 1) &&
    field(master, 'port') === String(masterPort) &&
    field(master, 'flags') === 'master' &&
    well.length === REPLICAS
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
