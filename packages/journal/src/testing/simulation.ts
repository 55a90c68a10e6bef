import { setImmediate as turn } from 'node:timers/promises';
import type { JournalEvent } from '../events.js';
import { openJournal, type Journal, type JournalOptions } from '../journal.js';
import { ManualClock } from '@quantumtrade/dal-runtime';
import { Random, SimulatedDisk } from '@quantumtrade/dal-testing';

export const kilobyte = Buffer.alloc(1024, 'k');

/** Opens journals on one simulated disk with one manual clock. */
export class JournalSimulation {
  readonly disk: SimulatedDisk;
  readonly clock = new ManualClock();
  readonly events: JournalEvent[] = [];

  constructor(random = new Random(1)) {
    this.disk = new SimulatedDisk(random);
  }

  open(options: Partial<JournalOptions> = {}): Promise<Journal> {
    const { clock, disk, events } = this;
    return openJournal({
      directory: '/j',
      fs: disk.fs,
      clock,
      onEvent: (event) => events.push(event),
      ...options,
    });
  }

  /** Paths of the stored segments in order. */
  get segments(): string[] {
    return [...this.disk.contents().keys()].filter((path) => path.endsWith('.wal')).sort();
  }

  content(path: string): Buffer {
    return this.disk.contents().get(path)!;
  }
}

/** Returns ids and positions of the records that a journal delivers now. */
export async function drain(journal: Journal): Promise<{ id: string; position: number }[]> {
  const records = [];
  for await (const { id, position } of journal.read({ follow: false })) records.push({ id, position });
  return records;
}

export const ids = async (journal: Journal): Promise<string[]> => (await drain(journal)).map(({ id }) => id);

/** Waits for simulated operations to finish. */
export async function turns(count = 20): Promise<void> {
  for (let i = 0; i < count; i++) await turn();
}
