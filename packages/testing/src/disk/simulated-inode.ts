import type { DirectoryEntry } from '@quantumtrade/dal-runtime/fs';
import type { Random } from '../random.js';

type Change = { readonly position: number; readonly bytes: Buffer } | { readonly size: number };

/** A file's content as processes read it, its durable content, and the changes between the two. */
export class SimulatedInode {
  live: Buffer = Buffer.alloc(0);
  modifiedAt = new Date();
  #durable: Buffer = Buffer.alloc(0);
  #unsynced: Change[] = [];

  write(position: number, bytes: Buffer): void {
    if (bytes.length > 0) this.#change({ position, bytes: Buffer.from(bytes) });
  }

  truncate(size: number): void {
    this.#change({ size });
  }

  sync(): void {
    // Not a copy of the live content, which keeps the changes of a failed sync that never become durable.
    this.#durable = this.#unsynced.reduce<Buffer>(apply, this.#durable);
    this.#unsynced = [];
  }

  /** Makes some changes durable and loses the others; processes continue to read all of them. */
  failSync(random: Random): void {
    this.#durable = survivors(this.#unsynced, random).reduce<Buffer>(apply, this.#durable);
    this.#unsynced = [];
  }

  crash(random: Random): void {
    this.failSync(random);
    this.live = Buffer.from(this.#durable);
  }

  flipBit(byte: number, bit: number): void {
    for (const content of [this.live, this.#durable]) if (byte < content.length) content[byte]! ^= 1 << bit;
  }

  #change(change: Change): void {
    this.live = apply(this.live, change);
    this.modifiedAt = new Date();
    this.#unsynced.push(change);
  }
}

function apply(content: Buffer, change: Change): Buffer {
  const size =
    'size' in change ? change.size : Math.max(content.length, change.position + change.bytes.length);
  const result = Buffer.alloc(size);
  content.copy(result);
  if ('bytes' in change) change.bytes.copy(result, change.position);
  return result;
}

/** Returns the changes that survive a crash: any of them, in any order, with writes torn at any byte. */
function survivors(changes: readonly Change[], random: Random): Change[] {
  const mode = random.below(4);
  if (mode === 0) return [];
  if (mode === 1) return [...changes];
  const kept = changes.flatMap((change) => pieces(change, random)).filter(() => random.chance(0.6));
  return mode === 2
    ? kept
    : kept
        .map((change) => ({ change, at: random.next() }))
        .sort(byChance)
        .map((c) => c.change);
}

const byChance = (a: { at: number }, b: { at: number }): number => a.at - b.at;

function pieces(change: Change, random: Random): Change[] {
  if ('size' in change) return [change];
  const { position, bytes } = change;
  const cuts = Array.from({ length: random.below(4) }, () => random.below(bytes.length)).sort(
    (a, b) => a - b,
  );
  return [0, ...cuts].flatMap((from, i) => {
    const to = cuts[i] ?? bytes.length;
    return to > from ? [{ position: position + from, bytes: bytes.subarray(from, to) }] : [];
  });
}

/** Returns the files and directories of a directory. Directories are those of the paths of files. */
export function entriesIn(directory: string, files: ReadonlyMap<string, SimulatedInode>): DirectoryEntry[] {
  const found = new Map<string, DirectoryEntry>();
  for (const [path, { live, modifiedAt }] of files) {
    if (!path.startsWith(`${directory}/`)) continue;
    const [name, ...rest] = path.slice(directory.length + 1).split('/') as [string, ...string[]];
    const isDirectory = rest.length > 0;
    found.set(name, { name, isDirectory, size: isDirectory ? 0 : live.length, modifiedAt });
  }
  return [...found.values()];
}
