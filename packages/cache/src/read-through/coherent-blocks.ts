import type {
  Batch,
  BatchVersion,
  BlockCollector,
  BlockWriter,
  CollectedBlock,
  EncodedBlock,
  RecordName,
} from '@quantumtrade/dal-domain';
import { AffectedKeys, keysBySymbol } from '@quantumtrade/dal-domain';
import type { ReadThroughCache } from './read-through-cache.js';

/** A block with the cache keys that its rows may change. Without them its rows may change any key. */
interface TrackedBlock extends EncodedBlock {
  readonly affectedKeys?: readonly string[];
}

/**
 * Returns a block writer that keeps the read-through cache coherent. Its blocks carry the keys that their rows affect, and each
 * write of a block, by any process at any time, removes those from the cache. When a block carries none, nothing that this
 * process loads during its write is cached; cached values stay until they expire.
 */
export function coherentBlocks(blocks: BlockWriter, cache: ReadThroughCache): BlockWriter {
  return {
    collect: (record) => new TrackingCollector(record, blocks.collect(record)),
    write: (block: TrackedBlock, options) => {
      const write = () => blocks.write(block, options);
      return block.affectedKeys ? cache.write(block.affectedKeys, write) : cache.writeUntracked(write);
    },
  };
}

/** Collects blocks together with the keys that their rows affect. */
class TrackingCollector<N extends RecordName> implements BlockCollector<N> {
  readonly #collector: BlockCollector<N>;
  /** Undefined where the symbols of a block do not determine its keys. */
  readonly #keysBySymbol: ((symbol: string) => string[]) | undefined;
  readonly #affected: AffectedKeys<N> | undefined;

  constructor(record: N, collector: BlockCollector<N>) {
    this.#collector = collector;
    this.#keysBySymbol = keysBySymbol(record);
    this.#affected = this.#keysBySymbol ? undefined : new AffectedKeys(record);
  }

  get rowCount(): number {
    return this.#collector.rowCount;
  }

  get byteLength(): number {
    return this.#collector.byteLength;
  }

  drawVersion(batch: Batch<N>): BatchVersion {
    return this.#collector.drawVersion(batch);
  }

  append(batch: Batch<N>, version?: BatchVersion) {
    const appended = this.#collector.append(batch, version);
    this.#affected?.add(batch);
    return appended;
  }

  *appendInSteps(batch: Batch<N>, version?: BatchVersion) {
    const appended = yield* this.#collector.appendInSteps(batch, version);
    this.#affected?.add(batch);
    return appended;
  }

  /** Finishes the blocks. Only the store could assign the collected keys to its blocks, so each block carries all of them. */
  finish(): (CollectedBlock & TrackedBlock)[] {
    const affected = this.#affected?.take();
    return this.#collector.finish().map((block) => ({
      ...block,
      affectedKeys: affected ?? block.symbols.flatMap(this.#keysBySymbol!),
    }));
  }
}
