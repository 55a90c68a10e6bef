import { ClickHouseClient } from '../connection/clickhouse-client.js';
import type { ClickHouseSettings } from '../settings.js';
import type { FakeAnswer } from './fake-server.js';
import { FakeServer } from './fake-server.js';

const RETRY = { maxAttempts: 3, initialDelayMs: 1, maxDelayMs: 2 };

/** Client of a fake server, both closed by `afterEach(() => fake.close())`. */
export class FakeClient {
  server!: FakeServer;
  client!: ClickHouseClient;

  /** Starts a server with these answers, and a client for it that retries quickly. */
  async serve(...answers: FakeAnswer[]): Promise<void> {
    await this.serveWith({ retry: RETRY, compression: false }, ...answers);
  }

  /** Starts a server with these answers, and a client for it with these settings. */
  async serveWith(settings: Omit<ClickHouseSettings, 'url'>, ...answers: FakeAnswer[]): Promise<void> {
    this.server = await FakeServer.start(...answers);
    this.client = new ClickHouseClient({ url: this.server.url, ...settings });
  }

  /** Reads from the fake server. */
  select(options?: object): Promise<{ n: number }[]> {
    return this.client.sql('d').rows('test', 'SELECT 1 AS n', undefined, options);
  }

  async close(): Promise<void> {
    await this.client?.close();
    await this.server?.stop();
  }
}
