import { copyArchive, type CopiedArchive, type CopyArchiveOptions } from '../archive/copy-archive.js';
import type { Archive } from '../archive/archive.js';
import { RecordingTarget } from './recording-target.js';
import { RecoveryScenario } from './recovery-scenario.js';
import { ScriptedStore } from './scripted-store.js';

/** Archives with a second store, to which they are copied, and a backup of instant 50 in both. */
export class CopyScenario extends RecoveryScenario {
  readonly copies = new ScriptedStore();

  constructor() {
    super();
    this.backup(50);
  }

  /** Opens an archive with a segment for each block. */
  override open(): Archive {
    return super.open({ maxSegmentBytes: 10 });
  }

  copy(options: CopyArchiveOptions = {}): Promise<CopiedArchive> {
    const { store, clock } = this.harness;
    return copyArchive(store, this.copies, { clock, ...options });
  }

  /** Restores from the second store, and returns what was replayed. */
  async restored(to: number | 'latest'): Promise<string[]> {
    this.target = new RecordingTarget('restored');
    await this.restore(to, {}, this.copies);
    return this.replayed();
  }

  /** Appends blocks, one each 100 ms from an instant on, and ships them. */
  async appendAll(archive: Archive, from: number, ...ids: string[]): Promise<void> {
    for (const [n, id] of ids.entries()) await this.append(archive, id, from + 100 * n);
    await this.harness.advance(1);
  }

  async close(archive: Archive): Promise<void> {
    await this.harness.settle(archive.close());
  }

  segmentKeys(store = this.copies): string[] {
    return [...store.objects.keys()].filter((key) => key.endsWith('.segment')).sort();
  }
}
