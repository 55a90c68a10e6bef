import { TcpFaultProxy } from '@quantumtrade/dal-testing/proxies';
import { RedisProcess } from '@quantumtrade/dal-testing/redis';
import { Redis } from 'ioredis';
import { FaultyHost, type RedisFault, type ServerFault } from './faulty-host.js';

/** A Redis server that fails on command. It keeps nothing on disk: a killed one is empty when it is back. */
export class RedisHost extends FaultyHost<RedisFault> {
  readonly #server: RedisProcess;

  private constructor(server: RedisProcess, proxy: TcpFaultProxy) {
    super(proxy);
    this.#server = server;
  }

  static async start(): Promise<RedisHost> {
    const server = await RedisProcess.start();
    return new RedisHost(server, await TcpFaultProxy.start(server.port));
  }

  get url(): string {
    return `redis://${this.address}`;
  }

  protected async beginFault(fault: ServerFault): Promise<void> {
    if (fault === 'kill') await this.#server.kill();
    else if (fault === 'pause') this.#server.pause();
    // The port of its master is one on which nothing listens, so that it keeps what it has.
    else await this.#replicate('127.0.0.1', '9');
  }

  protected async endFault(fault: ServerFault): Promise<void> {
    if (fault === 'kill') await this.#server.start();
    else if (fault === 'pause') this.#server.resume();
    else await this.#replicate('NO', 'ONE');
  }

  protected stopServer(): Promise<void> {
    return this.#server.kill();
  }

  async #replicate(...master: [host: string, port: string]): Promise<void> {
    const admin = new Redis(this.#server.url);
    try {
      await admin.call('REPLICAOF', ...master);
    } finally {
      admin.disconnect();
    }
  }
}
