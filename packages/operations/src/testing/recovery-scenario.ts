import type { ArchivedBlock, ObjectStore } from '@quantumtrade/dal-domain/operations';
import { readArchiveCopy } from '../archive/archive-copy.js';
import type { Archive, ArchiveOptions } from '../archive/archive.js';
import type { BaseBackup, RecoveryOptions } from '../recovery/recover-database.js';
import { recoverDatabase } from '../recovery/recover-database.js';
import { ArchiveHarness } from './archive-harness.js';
import { RecordingTarget } from './recording-target.js';

/** An archive whose clock begins at 0, and backups. */
export class RecoveryScenario {
  readonly harness = new ArchiveHarness();
  readonly backups: BaseBackup[] = [];
  readonly promotions: number[] = [];
  target = new RecordingTarget('restored');

  constructor() {
    this.harness.clock.set(0);
  }

  open(options: Partial<ArchiveOptions> = {}): Archive {
    return this.harness.open({ intervalMs: 1, ...options });
  }

  backup(startedAt: number, completedAt = startedAt): void {
    const id = `backup ${startedAt}`;
    this.backups.push({
      id,
      database: 'market',
      startedAt: new Date(startedAt),
      completedAt: new Date(completedAt),
    });
  }

  /** Appends a block at an instant. */
  async append(archive: Archive, id: string, at: number, more: Partial<ArchivedBlock> = {}): Promise<void> {
    await this.harness.advance(at - this.harness.clock.now());
    await this.harness.append(archive, id, { begunAt: at, ...more });
  }

  async restore(
    to: number | 'latest',
    options: Partial<RecoveryOptions> = {},
    store: ObjectStore = this.harness.store,
  ) {
    const { backups, promotions } = this;
    const restore = async () => this.target;
    const copy = await readArchiveCopy(store);
    return recoverDatabase(
      { store, backups, promotions, copy, restore },
      { to: to === 'latest' ? to : new Date(to), allowedClockDifferenceMs: 0, ...options },
    );
  }

  replayed(): string[] {
    return this.target.replayed.map(([, id]) => id);
  }
}
