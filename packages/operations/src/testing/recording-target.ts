import type { ReplayedBlock, RestoreTarget } from '@quantumtrade/dal-domain/operations';

/** A restore target that records what is replayed into it. */
export class RecordingTarget implements RestoreTarget {
  readonly database: string;
  /** Table, id and rows of each replayed block. */
  readonly replayed: [table: string, id: string, rows: string][] = [];
  isDropped = false;
  isComplete = false;
  failure: unknown;

  constructor(database: string) {
    this.database = database;
  }

  async replay(table: string, blocks: readonly ReplayedBlock[]): Promise<void> {
    if (this.failure !== undefined) throw this.failure;
    for (const { id, bytes } of blocks) this.replayed.push([table, id, Buffer.from(bytes).toString()]);
  }

  async drop(): Promise<void> {
    this.isDropped = true;
  }

  async complete(): Promise<void> {
    this.isComplete = true;
  }

  store = () => Promise.reject(new Error('no block of a snapshot is expected'));
  content = () => Promise.resolve([]);
  migrate = () => Promise.resolve(1);
}
