import type { ArchivedBlock } from '@quantumtrade/dal-domain/operations';
import { ManualClock } from '@quantumtrade/dal-runtime';
import { Random, SimulatedDisk, turn } from '@quantumtrade/dal-testing';
import type { Archive, ArchiveOptions } from '../archive/archive.js';
import { openArchive } from '../archive/archive.js';
import { decodeSegment, type ArchiveSegment } from '../archive/segment.js';
import { ScriptedStore } from './scripted-store.js';

/** Archives over a simulated disk and an object store in memory. */
export class ArchiveHarness {
  readonly clock = new ManualClock();
  readonly disk: SimulatedDisk;
  readonly store = new ScriptedStore();
  #process = 0;

  constructor(seed = 1) {
    this.disk = new SimulatedDisk(new Random(seed));
  }

  open(options: Partial<ArchiveOptions> = {}): Archive {
    const { clock } = this;
    const fs = this.disk.fs;
    const process = this.#process;
    const store = this.store.connect(() => process === this.#process);
    const common = { database: 'market', directory: '/archive', retry: { random: () => 0.5 } };
    return openArchive({ store, clock, fs, ...common, ...options });
  }

  /** Ends all processes as a loss of power does: their calls never settle. */
  crash(): void {
    this.#process++;
    this.disk.crash();
  }

  block(id: string, more: Partial<ArchivedBlock> = {}): ArchivedBlock {
    const bytes = Buffer.from(`rows of ${id}`);
    return { record: 'marketData', id, rowCount: 1, bytes, begunAt: this.clock.now(), ...more };
  }

  /** Appends a block as the adapter does. */
  async append(archive: Archive, id: string, more: Partial<ArchivedBlock> = {}): Promise<void> {
    const block = this.block(id, more);
    await this.settle(archive.requireSpace(block.bytes.length));
    await this.settle(archive.append(block));
  }

  /** Runs all that is due until the promise has settled. */
  async settle<T>(promise: Promise<T>): Promise<T> {
    let isSettled = false;
    const end = () => void (isSettled = true);
    promise.then(end, end);
    while (!isSettled) await turn();
    return promise;
  }

  /** Moves the clock and lets everything run that is due. */
  async advance(milliseconds: number): Promise<void> {
    this.clock.advance(milliseconds);
    for (let n = 0; n < 200; n++) await turn();
  }

  segments(): ArchiveSegment[] {
    return [...this.store.objects.keys()]
      .filter((key) => key.endsWith('.segment'))
      .sort()
      .map((key) => decodeSegment(key, this.store.objects.get(key)!));
  }

  /** Ids of the shipped blocks. */
  shipped(): string[] {
    return this.segments().flatMap(({ entries }) => entries.map(({ head }) => head.id));
  }

  positions(): Record<string, unknown>[] {
    return [...this.store.objects]
      .filter(([key]) => key.endsWith('position.json'))
      .map(([, bytes]) => JSON.parse(Buffer.from(bytes).toString().slice(65)) as Record<string, unknown>);
  }
}
