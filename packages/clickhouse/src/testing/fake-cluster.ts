import { ClickHouseClient } from '../connection/clickhouse-client.js';
import type { ClickHouseSettings, EndpointSettings } from '../settings.js';
import type { FakeAnswer } from './fake-server.js';
import { FakeServer, rows } from './fake-server.js';

const QUICK = {
  retry: { maxAttempts: 3, initialDelayMs: 1, maxDelayMs: 2 },
  failover: { probeIntervalMs: 40, probeTimeoutMs: 100 },
  drainTimeoutMs: 1,
};

/** Fake servers with one client, all closed by `afterEach(() => cluster.close())`. */
export class FakeCluster {
  servers: FakeServer[] = [];
  client!: ClickHouseClient;

  /** Starts a server for each role, which answer reads with their number, and a client that probes and retries quickly. */
  async serve(
    roles: readonly Omit<EndpointSettings, 'url'>[],
    settings: Partial<ClickHouseSettings> = {},
  ): Promise<void> {
    this.servers = await Promise.all(roles.map((_, number) => FakeServer.start(rows({ n: number }))));
    const endpoints = roles.map((role, number) => ({ url: this.servers[number]!.url, ...role }));
    this.client = new ClickHouseClient({ ...QUICK, ...settings, endpoints });
  }

  /** Has all servers give this answer. */
  answer(answer: FakeAnswer): void {
    for (const server of this.servers) server.answer(answer);
  }

  /** Reads as a caller does, and returns the number of the server that answered. */
  async read(options?: object): Promise<number> {
    const blocks = await this.client
      .sql('d')
      .collect('test', 'SELECT n', undefined, options, (block) => block.column('n').at(0) as number);
    return blocks[0]!;
  }

  /** Inserts one row. */
  insert(options?: object) {
    const block = { table: 't', token: 'once', bytes: Buffer.from('bytes'), rowCount: 1, retried: true };
    return this.client.sql('d').insert('test', block, options);
  }

  stateOf(number: number): string {
    return this.client.endpoints()[number]!.state;
  }

  async close(): Promise<void> {
    await this.client?.close();
    await Promise.all(this.servers.map((server) => server.stop()));
  }
}
