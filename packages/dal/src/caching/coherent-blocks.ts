import type {
  Batch,
  BatchVersion,
  BlockCollector,
  BlockWriter,
  CollectedBlock,
  RecordName,
} from '@quantumtrade/dal-domain';
import { AffectedKeys, keysBySymbol } from '@quantumtrade/dal-domain';
import type { KnownBlock } from '@quantumtrade/dal-writer';
import type { ReadThrough } from './read-through.js';

/**
 * A block writer with which the read-through cache keeps in step. Its blocks know the keys that their rows touch, and each
 * write, whoever makes it and whenever, has the cache forget those. Of a block that does not know them, no value that this
 * process was loading is cached; what is cached stays until its time is over.
 */
export function coherentBlocks(blocks: BlockWriter, through: ReadThrough): BlockWriter {
  return {
    collect: (record) => new TouchingCollector(record, blocks.collect(record)),
    write: (block: KnownBlock, options) => {
      const write = () => blocks.write(block, options);
      return block.touchedKeys ? through.write(block.touchedKeys, write) : through.writeBlindly(write);
    },
  };
}

class TouchingCollector<N extends RecordName> implements BlockCollector<N> {
  readonly #collector: BlockCollector<N>;
  /** Not needed where the symbols of a block tell its keys. */
  readonly #touched: AffectedKeys<N> | undefined;
  readonly #keysBySymbol: ((symbol: string) => string[]) | undefined;

  constructor(record: N, collector: BlockCollector<N>) {
    this.#collector = collector;
    this.#keysBySymbol = keysBySymbol(record);
    this.#touched = this.#keysBySymbol ? undefined : new AffectedKeys(record);
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
    this.#touched?.add(batch);
    return appended;
  }

  *appendInSteps(batch: Batch<N>, version?: BatchVersion) {
    const appended = yield* this.#collector.appendInSteps(batch, version);
    this.#touched?.add(batch);
    return appended;
  }

  /** Which of the gathered keys are of which block, only the store can tell: each block knows all of them. */
  finish(): (CollectedBlock & KnownBlock)[] {
    const gathered = this.#touched?.take();
    return this.#collector.finish().map((block) => ({
      ...block,
      touchedKeys: gathered ?? block.symbols.flatMap(this.#keysBySymbol!),
    }));
  }
}
