import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { Durability } from '@quantumtrade/dal';
import { DatabaseAbstraction, fileWriterStorage } from '@quantumtrade/dal';
import type { ClickHouseSettings } from '@quantumtrade/dal-clickhouse';
import { connectClickHouse } from '@quantumtrade/dal-clickhouse';
import type { EmbeddedClickHouse } from '@quantumtrade/dal-clickhouse-embedded';
import { startEmbeddedClickHouse } from '@quantumtrade/dal-clickhouse-embedded';
import { memoryCacheBackend } from '@quantumtrade/dal-memory';
import { HttpFaultProxy } from '@quantumtrade/dal-testing/proxies';

/** Merges remove what is stored twice: with them off, a table shows all that was ever stored in it. */
const UNMERGED = `ALTER TABLE market_data MODIFY SETTING
  max_bytes_to_merge_at_max_space_in_pool = 1, max_bytes_to_merge_at_min_space_in_pool = 1,
  parts_to_delay_insert = 1000000, parts_to_throw_insert = 1000000`;

/** A real engine on kept data that can be killed and started again, behind an address that stays. */
export class KillableServer {
  readonly proxy: HttpFaultProxy;
  readonly #directory: string;
  readonly #opened: DatabaseAbstraction[] = [];
  #engine: EmbeddedClickHouse | undefined;

  private constructor(proxy: HttpFaultProxy, directory: string) {
    this.proxy = proxy;
    this.#directory = directory;
  }

  /** With the tables in place. */
  static async start(): Promise<KillableServer> {
    const directory = await mkdtemp(join(tmpdir(), 'faults-'));
    const server = new KillableServer(await HttpFaultProxy.start(), directory);
    await server.live();
    const database = server.open('unused', 'acknowledged');
    await database.initializeSchema();
    await database.close();
    await server.ask(UNMERGED);
    return server;
  }

  async live(): Promise<void> {
    this.#engine = await startEmbeddedClickHouse({ dataDirectory: this.directoryOf('engine') });
    this.proxy.target = this.#engine;
  }

  /** SIGKILL. */
  async die(): Promise<void> {
    const engine = this.#engine!;
    process.kill(engine.pid, 'SIGKILL');
    this.proxy.target = undefined;
    await engine.closed;
  }

  /** Where a writer of this name keeps what it keeps on the disk. */
  directoryOf(name: string): string {
    return join(this.#directory, name);
  }

  /** The data layer on this server, closed at the latest when this stops. */
  open(name: string, durability: Durability, more: Partial<ClickHouseSettings> = {}): DatabaseAbstraction {
    const database = openDatabase(this.proxy.url, this.directoryOf(name), durability, more);
    this.#opened.push(database);
    return database;
  }

  /** Asks the engine itself; answers with tab-separated values. */
  async ask(sql: string): Promise<string> {
    const { url, username, password } = this.#engine!;
    const headers = { 'X-ClickHouse-User': username, 'X-ClickHouse-Key': password };
    const response = await fetch(`${url}/?database=${DATABASE}`, { method: 'POST', body: sql, headers });
    const text = await response.text();
    if (!response.ok) throw new Error(text);
    return text;
  }

  /** Whatever state a run left it in. */
  async stop(): Promise<void> {
    await this.proxy.stop();
    await Promise.allSettled(this.#opened.map((database) => database.close()));
    await this.#engine?.stop();
    await rm(this.#directory, { recursive: true });
  }
}

const DATABASE = 'faults';

export function openDatabase(
  url: string,
  directory: string,
  durability: Durability,
  more: Partial<ClickHouseSettings> = {},
): DatabaseAbstraction {
  return new DatabaseAbstraction({
    timeSeries: connectClickHouse({ url, database: DATABASE, ...more }),
    cache: memoryCacheBackend(),
    writing: { storage: fileWriterStorage(directory), durability },
  });
}

/** How the writers of all runs try again: soon, since what they wait for comes back soon. */
export const RETRY = { initialDelayMs: 20, maxDelayMs: 200 };
