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

/** Statement that turns merges off, which remove rows stored twice: the table then shows every row ever stored. */
export const stopMergesOf = (table: string): string => `ALTER TABLE ${table} MODIFY SETTING
  max_bytes_to_merge_at_max_space_in_pool = 1, max_bytes_to_merge_at_min_space_in_pool = 1,
  parts_to_delay_insert = 1000000, parts_to_throw_insert = 1000000`;

/** Embedded engine with a persistent data directory that can be killed and restarted behind a constant address. */
export class KillableServer {
  readonly proxy: HttpFaultProxy;
  readonly #directory: string;
  readonly #opened: DatabaseAbstraction[] = [];
  #engine: EmbeddedClickHouse | undefined;

  private constructor(proxy: HttpFaultProxy, directory: string) {
    this.proxy = proxy;
    this.#directory = directory;
  }

  /** Starts the engine and creates the tables. */
  static async start(): Promise<KillableServer> {
    const directory = await mkdtemp(join(tmpdir(), 'faults-'));
    const server = new KillableServer(await HttpFaultProxy.start(), directory);
    await server.restart();
    const database = server.open('unused', 'acknowledged');
    await database.initializeSchema();
    await database.close();
    await server.query(stopMergesOf('market_data'));
    return server;
  }

  /** Starts the engine again. */
  async restart(): Promise<void> {
    this.#engine = await startEmbeddedClickHouse({ dataDirectory: this.directoryOf('engine') });
    this.proxy.target = this.#engine;
  }

  /** Kills the engine with SIGKILL. */
  async kill(): Promise<void> {
    const engine = this.#engine!;
    process.kill(engine.pid, 'SIGKILL');
    this.proxy.target = undefined;
    await engine.closed;
  }

  /** Returns the directory of a writer's files. */
  directoryOf(name: string): string {
    return join(this.#directory, name);
  }

  /** Opens a data layer on this server. `stop` closes it. */
  open(name: string, durability: Durability, more: Partial<ClickHouseSettings> = {}): DatabaseAbstraction {
    const database = connectDatabase(this.proxy.url, this.directoryOf(name), durability, more);
    this.#opened.push(database);
    return database;
  }

  /** Runs a statement on the engine directly. Returns tab-separated values. */
  async query(sql: string): Promise<string> {
    const { url, username, password } = this.#engine!;
    const headers = { 'X-ClickHouse-User': username, 'X-ClickHouse-Key': password };
    const response = await fetch(`${url}/?database=${DATABASE}`, { method: 'POST', body: sql, headers });
    const text = await response.text();
    if (!response.ok) throw new Error(text);
    return text;
  }

  /** Stops everything in any state. */
  async stop(): Promise<void> {
    await this.proxy.stop();
    await Promise.allSettled(this.#opened.map((database) => database.close()));
    await this.#engine?.stop();
    await rm(this.#directory, { recursive: true });
  }
}

const DATABASE = 'faults';

/** Opens a data layer on a server, with a writer's files in a directory. */
export function connectDatabase(
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

/** Retry options of all writers: short delays, because faults are short. */
export const RETRY = { initialDelayMs: 20, maxDelayMs: 200 };
