import { basename } from 'node:path';
import {
  DirectoryLockedError,
  type DirectoryEntry,
  type DirectoryLock,
  type FileHandle,
  type FileMode,
  type FileSystem,
} from '@quantumtrade/dal-runtime/fs';
import type { Random } from '../random.js';
import { entriesIn, SimulatedInode } from './simulated-inode.js';

/** Probabilities of faults, each 0 by default. */
export interface DiskFaults {
  /** Probability that a write writes a part only. */
  shortWrite?: number;
  writeError?: number;
  truncateError?: number;
  syncError?: number;
  directorySyncError?: number;
  unlinkError?: number;
  renameError?: number;
}

type DirectoryChange = (entries: Map<string, SimulatedInode>) => void;

/** Power of one process: an operation begun before a power failure fails after it and changes nothing. */
interface Power {
  on: boolean;
  readonly locked: Set<string>;
}

const failure = (code: string): Error => Object.assign(new Error(`simulated ${code}`), { code });

/**
 * A disk in memory that separates durable from merely written content. {@link crash} loses any part of the unsynced changes,
 * in any order and at any byte. Operations take a random number of turns of the event loop and no real time.
 */
export class SimulatedDisk {
  readonly faults: DiskFaults = {};
  /** Maximum size of all files together. @default Infinity (bytes) */
  capacity = Infinity;
  /** Number of operations before the power fails. @default Infinity (operations) */
  operationsLeft = Infinity;
  /** Called before each operation. */
  onOperation: (operation: string, name: string) => unknown = () => undefined;
  readonly #random: Random;
  #power: Power = { on: true, locked: new Set() };
  #stalled: Promise<void> = Promise.resolve();
  #live = new Map<string, SimulatedInode>();
  #durable = new Map<string, SimulatedInode>();
  #changes: DirectoryChange[] = [];

  constructor(random: Random) {
    this.#random = random;
  }

  /** File system for a process started now: fails once the process is killed or the power lost. */
  get fs(): FileSystem {
    return new SimulatedFs(this, this.#power);
  }

  get hasPower(): boolean {
    return this.#power.on;
  }

  get used(): number {
    return [...new Set(this.#live.values())].reduce((sum, inode) => sum + inode.live.length, 0);
  }

  /** Returns the current content of all files by path. */
  contents(): Map<string, Buffer> {
    return new Map([...this.#live].map(([path, inode]) => [path, inode.live]));
  }

  /** Inverts one bit of a stored file. */
  flipBit(path: string, byte: number, bit: number): void {
    this.#live.get(path)!.flipBit(byte, bit);
  }

  /** Removes bytes from a file's end, as if they had never reached the disk. */
  cutOff(path: string, bytes: number): void {
    const inode = this.#live.get(path)!;
    inode.truncate(inode.live.length - bytes);
    inode.sync();
  }

  /** Makes every operation wait until the returned function is called. */
  stall(): () => void {
    let resume!: () => void;
    this.#stalled = new Promise((resolve) => (resume = resolve));
    return resume;
  }

  /** Loses the power and unsynced changes, and restores the power. */
  crash(): void {
    this.#power.on = false;
    this.#power = { on: true, locked: new Set() };
    this.operationsLeft = Infinity;
    for (const change of this.#changes) if (this.#random.chance(0.5)) change(this.#durable);
    for (const inode of new Set([...this.#live.values(), ...this.#durable.values()]))
      inode.crash(this.#random);
    this.#changes = [];
    this.#live = new Map(this.#durable);
  }

  /** Ends the process as SIGKILL does: written content stays, operations in progress fail. */
  kill(): void {
    this.#power.on = false;
    this.#power = { on: true, locked: new Set() };
    this.operationsLeft = Infinity;
  }

  /** Begins an operation: takes a random number of turns, then fails without power or with a probability. */
  async begin(operation: string, path: string, power: Power, failing = 0): Promise<void> {
    if (power.on) this.onOperation(operation, basename(path));
    for (let turns = this.#random.below(4); turns > 0; turns--) await Promise.resolve();
    await this.#stalled;
    if (power.on && this.operationsLeft-- <= 0) power.on = false;
    if (!power.on) throw failure('EPOWER');
    if (this.#random.chance(failing)) throw failure('EIO');
  }

  /** Returns how many of the bytes the disk writes now. */
  accepts(bytes: number, growth: number): number {
    const free = Math.max(0, this.capacity - this.used);
    const fitting = growth > free ? Math.max(0, bytes - (growth - free)) : bytes;
    if (bytes > 0 && fitting === 0) throw failure('ENOSPC');
    return this.#random.chance(this.faults.shortWrite ?? 0) ? 1 + this.#random.below(fitting) : fitting;
  }

  /** Returns how many bytes of a failed write reach the file. */
  part(bytes: number): number {
    return this.#random.below(bytes + 1);
  }

  forget(inode: SimulatedInode): void {
    inode.failSync(this.#random);
  }

  get inodes(): ReadonlyMap<string, SimulatedInode> {
    return this.#live;
  }

  change(change: DirectoryChange): void {
    change(this.#live);
    this.#changes.push(change);
  }

  syncDirectory(): void {
    for (const change of this.#changes.splice(0)) change(this.#durable);
  }
}

class SimulatedFs implements FileSystem {
  readonly #disk: SimulatedDisk;
  readonly #power: Power;

  constructor(disk: SimulatedDisk, power: Power) {
    this.#disk = disk;
    this.#power = power;
  }

  async makeDirectory(): Promise<void> {
    await this.#begin('makeDirectory', '');
  }

  async list(directory: string): Promise<string[]> {
    await this.#begin('list', directory);
    return entriesIn(directory, this.#disk.inodes).map(({ name }) => name);
  }

  async entries(directory: string): Promise<DirectoryEntry[]> {
    await this.#begin('entries', directory);
    return entriesIn(directory, this.#disk.inodes);
  }

  async open(path: string, mode: FileMode): Promise<FileHandle> {
    await this.#begin('open', path);
    const existing = this.#disk.inodes.get(path);
    if (mode === 'create') {
      if (existing) throw failure('EEXIST');
      if (this.#disk.used >= this.#disk.capacity) throw failure('ENOSPC');
      const inode = new SimulatedInode();
      this.#disk.change((entries) => entries.set(path, inode));
      return new SimulatedFile(this.#disk, inode, path, this.#power);
    }
    if (!existing) throw failure('ENOENT');
    return new SimulatedFile(this.#disk, existing, path, this.#power);
  }

  async rename(from: string, to: string): Promise<void> {
    await this.#begin('rename', to, this.#disk.faults.renameError);
    const inode = this.#disk.inodes.get(from);
    if (!inode) throw failure('ENOENT');
    this.#disk.change((entries) => {
      entries.set(to, inode);
      if (entries.get(from) === inode) entries.delete(from);
    });
  }

  async unlink(path: string): Promise<void> {
    await this.#begin('unlink', path, this.#disk.faults.unlinkError);
    const inode = this.#disk.inodes.get(path);
    if (!inode) throw failure('ENOENT');
    this.#disk.change((entries) => {
      if (entries.get(path) === inode) entries.delete(path);
    });
  }

  /** Do nothing: a directory ends with its last file, and a disk in memory has one user. */
  async removeDirectory(): Promise<void> {}
  async restrictAccess(): Promise<void> {}

  async syncDirectory(path: string): Promise<void> {
    await this.#begin('syncDirectory', path, this.#disk.faults.directorySyncError);
    this.#disk.syncDirectory();
  }

  async lock(directory: string): Promise<DirectoryLock> {
    await this.#begin('lock', directory);
    if (this.#power.locked.has(directory)) throw new DirectoryLockedError(directory, 'unknown');
    this.#power.locked.add(directory);
    return {
      release: async () => {
        this.#power.locked.delete(directory);
      },
    };
  }

  async #begin(operation: string, path: string, failing?: number): Promise<void> {
    await this.#disk.begin(operation, path, this.#power, failing);
  }
}

class SimulatedFile implements FileHandle {
  readonly #disk: SimulatedDisk;
  readonly #inode: SimulatedInode;
  readonly #path: string;
  readonly #power: Power;

  constructor(disk: SimulatedDisk, inode: SimulatedInode, path: string, power: Power) {
    this.#disk = disk;
    this.#inode = inode;
    this.#path = path;
    this.#power = power;
  }

  async size(): Promise<number> {
    await this.#begin('size');
    return this.#inode.live.length;
  }

  async read(buffer: Uint8Array, position: number): Promise<number> {
    await this.#begin('read');
    return this.#inode.live.copy(buffer, 0, position);
  }

  async write(buffers: readonly Uint8Array[], position: number): Promise<number> {
    const bytes = Buffer.concat(buffers);
    const wasOn = this.#power.on;
    try {
      await this.#begin('write', this.#disk.faults.writeError);
    } catch (error) {
      if (wasOn) this.#inode.write(position, bytes.subarray(0, this.#disk.part(bytes.length)));
      throw error;
    }
    const growth = Math.max(0, position + bytes.length - this.#inode.live.length);
    const count = this.#disk.accepts(bytes.length, growth);
    this.#inode.write(position, bytes.subarray(0, count));
    return count;
  }

  async truncate(size: number): Promise<void> {
    await this.#begin('truncate', this.#disk.faults.truncateError);
    this.#inode.truncate(size);
  }

  async sync(): Promise<void> {
    try {
      await this.#begin('sync', this.#disk.faults.syncError);
    } catch (error) {
      if (this.#power.on) this.#disk.forget(this.#inode);
      throw error;
    }
    this.#inode.sync();
  }

  async close(): Promise<void> {
    await this.#begin('close');
  }

  async #begin(operation: string, failing?: number): Promise<void> {
    await this.#disk.begin(operation, this.#path, this.#power, failing);
  }
}
