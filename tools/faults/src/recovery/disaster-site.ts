import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { DatabaseAbstraction, fileWriterStorage } from '@quantumtrade/dal';
import type { ClickHouseBackend } from '@quantumtrade/dal-clickhouse';
import { connectClickHouse } from '@quantumtrade/dal-clickhouse';
import type { EmbeddedClickHouse } from '@quantumtrade/dal-clickhouse-embedded';
import { startEmbeddedClickHouse } from '@quantumtrade/dal-clickhouse-embedded';
import { memoryCacheBackend } from '@quantumtrade/dal-memory';
import { DirectoryObjectStore } from '@quantumtrade/dal-object-store';
import type { Archive } from '@quantumtrade/dal-operations';
import { openArchive } from '@quantumtrade/dal-operations';
import { queryClickHouse } from '@quantumtrade/dal-testing/clickhouse';
import { copyMigratedEngine, stopMergesOf, TEMPLATE } from '../writing/migrated-engine.js';

/** Database of the drills. */
const DRILLED = TEMPLATE;

/** An engine that is lost with its data, an object store that is not, and the machine of the writers. */
export class DisasterSite {
  readonly directory: string;
  readonly store: DirectoryObjectStore;
  readonly archive: Archive;
  readonly database: DatabaseAbstraction;
  readonly backend: ClickHouseBackend;
  #engine: EmbeddedClickHouse;

  private constructor(directory: string, engine: EmbeddedClickHouse) {
    this.directory = directory;
    this.#engine = engine;
    this.store = new DirectoryObjectStore(join(directory, 'objects'));
    this.archive = openArchive({
      store: this.store,
      database: DRILLED,
      directory: join(directory, 'archive'),
      intervalMs: 200,
      maxSegmentBytes: 20_000,
    });
    const { url, username, password } = engine;
    const settings = { url, username, password, database: DRILLED };
    const limits = { requestTimeoutMs: 2_000, retry: { maxAttempts: 1 } };
    this.backend = connectClickHouse({ ...settings, ...limits }, { archive: this.archive });
    this.database = new DatabaseAbstraction({
      timeSeries: this.backend,
      cache: memoryCacheBackend(),
      writing: { storage: fileWriterStorage(this.writerDirectory), durability: 'journaled' },
      archive: this.archive,
    });
  }

  static async open(): Promise<DisasterSite> {
    const directory = await mkdtemp(join(tmpdir(), 'drill-'));
    const dataDirectory = join(directory, 'engine');
    await copyMigratedEngine(dataDirectory);
    return new DisasterSite(directory, await startEmbeddedClickHouse({ dataDirectory }));
  }

  get writerDirectory(): string {
    return join(this.directory, 'writer');
  }

  /** Kills the engine and deletes its data. */
  async strike(): Promise<void> {
    process.kill(this.#engine.pid, 'SIGKILL');
    await this.#engine.closed;
    await rm(join(this.directory, 'engine'), { recursive: true });
  }

  /** Starts an empty engine and connects to it. Merges are off in a restored table, so that rows stored twice stay. */
  async rebuild(): Promise<ClickHouseBackend> {
    this.#engine = await startEmbeddedClickHouse({ dataDirectory: join(this.directory, 'new-engine') });
    const { url, username, password } = this.#engine;
    const backend = connectClickHouse({ url, username, password, database: DRILLED });
    await backend.schema.initialize();
    const { backups } = backend;
    const createTarget = backups.createTarget.bind(backups);
    backups.createTarget = async (...call) => {
      const target = await createTarget(...call);
      const migrate = target.migrate.bind(target);
      target.migrate = async (options) => {
        const version = await migrate(options);
        await this.query(stopMergesOf(`${target.database}.market_data`));
        return version;
      };
      return target;
    };
    return backend;
  }

  /** Runs a statement on the engine. Returns the tab-separated values of each row. */
  async query(sql: string): Promise<string[][]> {
    const text = await queryClickHouse(this.#engine, sql, DRILLED);
    return text
      .split('\n')
      .slice(0, -1)
      .map((line) => line.split('\t'));
  }

  /** Closes everything in any state. */
  async close(): Promise<void> {
    await this.database.close().catch(() => undefined);
    await this.archive.close();
    await this.store.close();
    await this.#engine.stop().catch(() => undefined);
    await rm(this.directory, { recursive: true, force: true });
  }
}
