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
import { copySchema, queryClickHouse } from '@quantumtrade/dal-testing/clickhouse';
import { HttpFaultProxy } from '@quantumtrade/dal-testing/proxies';
import { copyMigratedEngine, TEMPLATE } from './migrated-engine.js';

/**
 * Embedded engine with a persistent data directory that can be killed and restarted behind a constant address. The tests of a file share it; each
 * begins with `renew`.
 */
export class KillableServer {
  readonly proxy: HttpFaultProxy;
  readonly #directory: string;
  #opened: DatabaseAbstraction[] = [];
  #engine: EmbeddedClickHouse | undefined;

  private constructor(proxy: HttpFaultProxy, directory: string) {
    this.proxy = proxy;
    this.#directory = directory;
  }

  /** Starts the engine with the migrated database. */
  static async start(): Promise<KillableServer> {
    const directory = await mkdtemp(join(tmpdir(), 'faults-'));
    const server = new KillableServer(await HttpFaultProxy.start(), directory);
    await copyMigratedEngine(server.engineDirectory);
    await server.restart();
    return server;
  }

  /** Ends all faults, closes what is open, and begins again with empty tables and without files of writers. */
  async renew(): Promise<void> {
    this.proxy.endFaults();
    if (this.proxy.target) this.proxy.target = this.#engine;
    else await this.restart();
    await this.#closeOpened();
    await rm(join(this.#directory, WRITERS), { recursive: true, force: true });
    await this.query(`DROP DATABASE IF EXISTS ${DATABASE} SYNC`, 'default');
    await copySchema(this.#engine!, TEMPLATE, DATABASE);
  }

  /** Starts the engine again. */
  async restart(): Promise<void> {
    this.#engine = await startEmbeddedClickHouse({ dataDirectory: this.engineDirectory });
    this.proxy.target = this.#engine;
  }

  /** Kills the engine with SIGKILL. */
  async kill(): Promise<void> {
    const engine = this.#engine!;
    process.kill(engine.pid, 'SIGKILL');
    this.proxy.target = undefined;
    await engine.closed;
  }

  /** Returns the directory of the engine's files. */
  get engineDirectory(): string {
    return join(this.#directory, 'engine');
  }

  /** Returns the directory of a writer's files. */
  directoryOf(name: string): string {
    return join(this.#directory, WRITERS, name);
  }

  /** Opens a data layer on this server. `stop` closes it. */
  open(name: string, durability: Durability, more: Partial<ClickHouseSettings> = {}): DatabaseAbstraction {
    const database = connectDatabase(this.proxy.url, this.directoryOf(name), durability, more);
    this.#opened.push(database);
    return database;
  }

  /** Runs a statement on the engine directly. Returns tab-separated values. */
  query(sql: string, database = DATABASE): Promise<string> {
    return queryClickHouse(this.#engine!, sql, database);
  }

  /** Stops everything in any state. */
  async stop(): Promise<void> {
    await this.proxy.stop();
    await this.#closeOpened();
    await this.#engine?.stop();
    await rm(this.#directory, { recursive: true });
  }

  async #closeOpened(): Promise<void> {
    const opened = this.#opened;
    this.#opened = [];
    await Promise.allSettled(opened.map((database) => database.close()));
  }
}

/** Database of the tests. */
export const DATABASE = 'faults';
/** Directory of all writers. */
const WRITERS = 'writers';

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
