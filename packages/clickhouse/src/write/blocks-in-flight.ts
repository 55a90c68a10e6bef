import type { RecordDefinition } from '@quantumtrade/dal-domain';
import { BlockKeys } from './block-keys.js';
import { decodeWhole } from './decode-whole.js';
import type { StoredVersions } from './existing-keys.js';

/** The blocks of one record whose writes were called and have not ended, in the order of the calls. */
export class BlocksInFlight {
  readonly #definition: RecordDefinition;
  readonly #blocks = new Set<BlockInFlight>();

  constructor(definition: RecordDefinition) {
    this.#definition = definition;
  }

  /** Runs the write of a block. `run` is given the block and the blocks whose writes were called before. */
  async write<T>(
    bytes: Uint8Array,
    run: (block: BlockInFlight, earlier: readonly BlockInFlight[]) => Promise<T>,
  ): Promise<T> {
    const earlier = [...this.#blocks];
    const block = new BlockInFlight(this.#definition, bytes);
    this.#blocks.add(block);
    try {
      const result = await run(block, earlier);
      await block.end(true);
      return result;
    } finally {
      await block.end(false);
      this.#blocks.delete(block);
    }
  }
}

/** A block whose write has not ended. Its keys are decoded only when somebody asks for them. */
export class BlockInFlight {
  readonly #definition: RecordDefinition;
  readonly #bytes: Uint8Array;
  readonly #stored: Promise<boolean>;
  #settle!: (stored: boolean) => void;
  #keys: Promise<BlockKeys> | undefined;
  /** Comparisons that read the bytes. */
  readonly #readers = new Set<Promise<unknown>>();

  constructor(definition: RecordDefinition, bytes: Uint8Array) {
    this.#definition = definition;
    this.#bytes = bytes;
    this.#stored = new Promise((resolve) => (this.#settle = resolve));
  }

  keys(): Promise<BlockKeys> {
    return (this.#keys ??= decodeWhole(this.#bytes).then(
      (decoded) => new BlockKeys(this.#definition, decoded ? [decoded] : []),
    ));
  }

  /**
   * Returns the versions of this block's rows if it has a key of `other` and is stored. To be called while this block is in
   * flight; resolves when it has ended.
   */
  async versionsMeeting(other: BlockInFlight): Promise<StoredVersions> {
    const compared = Promise.all([this.keys(), other.keys()]).then(([ours, theirs]) =>
      ours.meets(theirs) ? ours.versions() : NONE,
    );
    this.#readers.add(compared);
    const versions = await compared;
    return versions.size > 0 && (await this.#stored) ? versions : NONE;
  }

  /** Resolves when nobody reads the bytes any more: their memory may be used again. */
  async end(stored: boolean): Promise<void> {
    this.#settle(stored);
    await Promise.allSettled(this.#readers);
  }
}

const NONE: StoredVersions = new Map();
