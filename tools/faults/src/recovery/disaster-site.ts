import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { DatabaseAbstraction, fileWriterStorage } from '@quantumtrade/dal';
import type { ClickHouseBackend } from '@quantumtrade/dal-clickhouse';
import { connectClickHouse } from '@quantumtrade/dal-clickhouse';
import { memoryCacheBackend } from '@quantumtrade/dal-memory';
import { DirectoryObjectStore } from '@quantumtrade/dal-object-store';
import type { Archive } from '@quantumtrade/dal-operations';
import { openArchive } from '@quantumtrade/dal-operations';
import type { Random } from '@quantumtrade/dal-testing';
import { stopMergesOf, TEMPLATE } from '../writing/migrated-engine.js';
import type { LosableServers } from './losable-servers.js';

/** Database of the drills. */
const DRILLED = TEMPLATE;

/** Servers that are lost with their data, an object store that is not, and the machine of the writers. */
export class DisasterSite {
  readonly directory: string;
  readonly store: DirectoryObjectStore;
  readonly archive: Archive;
  readonly database: DatabaseAbstraction;
  readonly backend: ClickHouseBackend;
  readonly #servers: LosableServers;

  private constructor(directory: string, servers: LosableServers) {
    this.directory = directory;
    this.#servers = servers;
    this.store = new DirectoryObjectStore(join(directory, 'objects'));
    this.archive = openArchive({
      store: this.store,
      database: DRILLED,
      directory: join(directory, 'archive'),
      intervalMs: 200,
      maxSegmentBytes: 20_000,
    });
    const { settings, requestTimeoutMs } = servers;
    this.backend = connectClickHouse(
      { ...settings, database: DRILLED, requestTimeoutMs, retry: { maxAttempts: 1 } },
      { archive: this.archive },
    );
    this.database = new DatabaseAbstraction({
      timeSeries: this.backend,
      cache: memoryCacheBackend(),
      writing: { storage: fileWriterStorage(this.writerDirectory), durability: 'journaled' },
      archive: this.archive,
    });
  }

  /** Migrates the servers that are started in a directory of their own. Merges are off, so that rows stored twice stay. */
  static async open(start: (directory: string) => Promise<LosableServers>): Promise<DisasterSite> {
    const directory = await mkdtemp(join(tmpdir(), 'drill-'));
    const site = new DisasterSite(directory, await start(directory));
    try {
      await site.backend.schema.initialize();
      await site.query(stopMergesOf('market_data'));
      return site;
    } catch (error) {
      await site.close();
      throw error;
    }
  }

  get writerDirectory(): string {
    return join(this.directory, 'writer');
  }

  /** Kills the servers and deletes their data. */
  strike(): Promise<void> {
    return this.#servers.lose();
  }

  /** Starts empty servers, whose rows may be spread in another way, and connects to them. Merges are off in a restored table as well. */
  async rebuild(random: Random): Promise<ClickHouseBackend> {
    await this.#servers.replace(random);
    const backend = connectClickHouse({ ...this.#servers.settings, database: DRILLED });
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

  /** Runs a statement on each server. Returns the tab-separated values of each row. */
  query(sql: string): Promise<string[][]> {
    return this.#servers.query(sql, DRILLED);
  }

  /** Closes everything in any state. */
  async close(): Promise<void> {
    await this.database.close().catch(() => undefined);
    await this.archive.close();
    await this.store.close();
    await this.#servers.stop();
    await rm(this.directory, { recursive: true, force: true });
  }
}
