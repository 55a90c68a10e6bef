import type { TimeSeriesBackend } from '@quantumtrade/dal-domain';
import { ConnectionError } from '@quantumtrade/dal-domain';
import { memoryTimeSeries } from '@quantumtrade/dal-memory';
import { Random } from '@quantumtrade/dal-testing';
import { createBackup, type CreateBackupOptions } from '../backup/create-backup.js';
import { restoreBackup } from '../backup/restore-backup.js';
import { ScriptedStore } from './scripted-store.js';

export const BACKUP_EVERY_MS = 86_400_000;
const JANUARY = Date.UTC(2024, 0, 2);

/** A data layer in memory with a store for its backups; each backup is made a day after the one before. */
export class BackupHarness {
  readonly store = new ScriptedStore();
  readonly random: () => number;
  now = Date.UTC(2026, 0, 1);
  readonly clock = { now: () => this.now };
  readonly backend: TimeSeriesBackend = memoryTimeSeries({ clock: this.clock });
  #names = 0;

  constructor(seed = 1) {
    const random = new Random(seed);
    this.random = () => random.next();
  }

  /** Stores bars of a symbol, one a day, from the beginning of a month of 2024 on. */
  async insertBars(symbol: string, count: number, month = 0, close = 1): Promise<void> {
    const first = JANUARY + month * 31 * BACKUP_EVERY_MS;
    const records = Array.from({ length: count }, (_, n) => ({
      ...{ symbol, timestamp: first + n * BACKUP_EVERY_MS, open: 1, high: 2, low: 1, close, volume: n },
      ...{ adjustedClose: close, qualityScore: 90 },
    }));
    const { insertedCount, updatedCount } = await this.backend.marketData.insert({ source: 's', records });
    if (insertedCount + updatedCount !== count) throw new Error('bars were refused');
  }

  backup(options: CreateBackupOptions = {}) {
    this.now += BACKUP_EVERY_MS;
    return createBackup(this.backend.backups, this.store, {
      ...{ clock: this.clock, random: this.random },
      ...options,
    });
  }

  /** Restores a backup, returns the number of its rows, and drops the restored database. */
  async restoredRows(id?: string): Promise<number> {
    const into = `restored_${++this.#names}`;
    const { target, rows } = await restoreBackup(this.backend.backups, this.store, { into, id });
    await target.drop();
    return rows;
  }

  /** Fails one call of the store, counted from now on; 0 for none. */
  failCall(number: number): void {
    let calls = 0;
    this.store.onCall = (call) => {
      if (++calls === number) throw new ConnectionError('cut', { operation: `objects.${call}` });
    };
  }

  /** Keys in the store that begin with a prefix. */
  keys(prefix = ''): string[] {
    return [...this.store.objects.keys()].filter((key) => key.startsWith(prefix)).sort();
  }
}
