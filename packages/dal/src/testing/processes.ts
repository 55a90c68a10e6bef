import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type {
  AuditEntry,
  AuditSink,
  BlockWriter,
  CacheBackend,
  TimeSeriesBackend,
} from '@quantumtrade/dal-domain';
import { DatabaseAbstraction } from '../database-abstraction.js';
import { fileWriterStorage } from '@quantumtrade/dal-writer';

/** Data layers over one store, one cache and one directory, as several processes have them. */
export class Processes {
  readonly entries: AuditEntry[] = [];
  audit: AuditSink = { record: async (entry) => void this.entries.push(entry) };
  /** Stands between the data layers and the store. */
  write: BlockWriter['write'];
  readonly #timeSeries: TimeSeriesBackend;
  readonly #cache: CacheBackend;
  readonly #directory = mkdtemp(join(tmpdir(), 'processes-'));
  readonly #opened: DatabaseAbstraction[] = [];

  constructor(timeSeries: TimeSeriesBackend, cache: CacheBackend) {
    this.#timeSeries = timeSeries;
    this.#cache = cache;
    this.write = timeSeries.blocks.write;
  }

  async open(actor = 'test'): Promise<DatabaseAbstraction> {
    const { blocks } = this.#timeSeries;
    const database = new DatabaseAbstraction({
      timeSeries: {
        ...outliving(this.#timeSeries),
        blocks: { collect: blocks.collect, write: (...call) => this.write(...call) },
      },
      cache: outliving(this.#cache),
      writing: { storage: fileWriterStorage(await this.#directory) },
      audit: { record: (entry) => this.audit.record(entry) },
      actor,
      clock: { now: () => 77 },
    });
    this.#opened.push(database);
    return database;
  }

  async end(): Promise<void> {
    await Promise.all(this.#opened.map((database) => database.close().catch(() => undefined)));
    await rm(await this.#directory, { recursive: true });
  }
}

/** A backend that no data layer closes. */
const outliving = <Backend extends TimeSeriesBackend | CacheBackend>(backend: Backend): Backend => ({
  ...backend,
  probe: { ...backend.probe, close: async () => undefined },
});
