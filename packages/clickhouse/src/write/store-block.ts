import { randomUUID } from 'node:crypto';
import { ClickHouseError } from '@clickhouse/client';
import type { CallOptions, DatabaseError, RecordDefinition } from '@quantumtrade/dal-domain';
import { ConnectionError, isDatabaseError } from '@quantumtrade/dal-domain';
import type { DecodedBlock } from '../codec/read/block-decoder.js';
import { BrokenAnswerError, decodeBlocks } from '../codec/read/block-decoder.js';
import { splitBlock } from '../codec/read/block-splitter.js';
import type { Sql, SqlBlock } from '../connection/sql.js';
import { BlockKeys, hasRows } from './block-keys.js';

/** Tokens of one block at most. Each further one follows a death of the engine at the worst moment. */
const MAX_TOKENS = 10;

/** Inserts of one batch in progress at once: a batch over many months is many small inserts. */
const CONCURRENT_INSERTS = 4;

export interface UnstoredBlock extends Omit<SqlBlock, 'table'> {
  /** Whether the block was surely never sent before. */
  readonly isNew: boolean;
  /** Rows of one insert at most; a block of more is stored in parts. @default no limit */
  readonly maxRows?: number;
}

/**
 * Stores blocks of one table, each once. Where a block has more than `maxRows`, or the server or a gateway before it refuses
 * it as too large, its halves are stored, and theirs, down to single rows; each has a token that follows from the block's, so
 * that an attempt after a failure sends the same parts. A single row that is too large fails with a `QueryError` of the kind
 * `TOO_LARGE`.
 */
export class BlockStore {
  readonly #definition: RecordDefinition;
  readonly #operation: string;
  readonly #refusedSizes = new RefusedSizes();

  constructor(definition: RecordDefinition) {
    this.#definition = definition;
    this.#operation = `${definition.name}.insert`;
  }

  /** Stores a block through this connection. */
  async store(sql: Sql, block: UnstoredBlock, options: CallOptions | undefined): Promise<void> {
    const { rowCount, maxRows = Infinity } = block;
    const size = block.bytes.length;
    if (rowCount > maxRows || (rowCount > 1 && this.#refusedSizes.isTooLarge(size))) {
      return this.#storeHalves(sql, block, options);
    }
    try {
      await this.#storeWhole(sql, block, options);
      if (this.#refusedSizes.any) this.#refusedSizes.accepted(size);
    } catch (error) {
      if (rowCount === 1 || !isTooLarge(error)) throw error;
      await this.#storeHalves(sql, block, options);
      this.#refusedSizes.acceptedInParts(size);
    }
  }

  /** Stores new blocks of different partitions, several at once, and reports the rows of each. Each is sent again while it may succeed. */
  async storeAll(
    sql: Sql,
    blocks: readonly Pick<UnstoredBlock, 'bytes' | 'rowCount'>[],
    options: CallOptions | undefined,
    onStored: (rowCount: number) => void,
  ): Promise<void> {
    await forEachConcurrently(blocks, CONCURRENT_INSERTS, async ({ bytes, rowCount }) => {
      const block = { token: randomUUID(), bytes, rowCount, retried: true, isNew: true };
      await this.store(sql, block, options);
      onStored(rowCount);
    });
  }

  async #storeHalves(
    sql: Sql,
    { token, bytes, ...rest }: UnstoredBlock,
    options: CallOptions | undefined,
  ): Promise<void> {
    for (const [n, half] of splitBlock(bytes).entries()) {
      await this.store(sql.continuing, { ...rest, ...half, token: `${token}/${n}` }, options);
    }
  }

  /**
   * The engine notes a token shortly before the rows are a part of the table. When it dies in between, it takes the block for
   * stored as long as it remembers the token, and answers so. Therefore the rows of a block that may have been sent before are
   * looked up, and sent under another token where they are missing; and so are those that the server's counts do not confirm.
   */
  async #storeWhole(
    sql: Sql,
    { isNew, maxRows: _, ...block }: UnstoredBlock,
    options: CallOptions | undefined,
  ): Promise<void> {
    const operation = this.#operation;
    for (let n = 0; n < MAX_TOKENS; n++) {
      const token = n === 0 ? block.token : `${block.token}:${n}`;
      const { attempts, confirmed } = await (n === 0 ? sql : sql.continuing).insert(
        operation,
        { ...block, table: this.#definition.table, token },
        options,
      );
      if (isNew && attempts === 1 && n === 0 && confirmed) return;
      const keys = new BlockKeys(this.#definition, [(await decodeNativeBlock(block.bytes))!]);
      if (await hasRows(sql, keys, operation, options)) return;
    }
    const table = this.#definition.table;
    throw new ConnectionError(`the server reports the rows of a block as stored, but ${table} lacks them`, {
      operation,
    });
  }
}

const isTooLarge = (error: unknown): error is DatabaseError =>
  isDatabaseError(error) && error.kind === 'TOO_LARGE';

/** Decodes bytes as one block; undefined when they are anything else. */
export async function decodeNativeBlock(bytes: Uint8Array): Promise<DecodedBlock | undefined> {
  const blocks: DecodedBlock[] = [];
  try {
    for await (const block of decodeBlocks(once(bytes))) blocks.push(block);
  } catch (error) {
    if (error instanceof BrokenAnswerError || error instanceof ClickHouseError) return undefined;
    throw error;
  }
  return blocks.length === 1 ? blocks[0] : undefined;
}

async function* once<T>(item: T): AsyncGenerator<T, void, undefined> {
  yield item;
}

/** After this many blocks that were split at once, one is tried whole: the limit may have been raised. */
const TRY_AGAIN_AFTER = 100;

/**
 * The size from which on blocks of a table are refused as too large, so that later ones are split without being sent. A size
 * counts when the same rows were accepted in parts: then it was the size that was refused, and not a row.
 */
class RefusedSizes {
  #least = Infinity;
  #splits = 0;

  get any(): boolean {
    return this.#least !== Infinity;
  }

  /** Returns whether a block of this size is to be split at once. */
  isTooLarge(size: number): boolean {
    if (size < this.#least) return false;
    this.#splits++;
    return this.#splits % TRY_AGAIN_AFTER !== 0;
  }

  acceptedInParts(size: number): void {
    if (this.#least === Infinity) this.#splits = 0;
    if (size < this.#least) this.#least = size;
  }

  accepted(size: number): void {
    if (size >= this.#least) this.#least = Infinity;
  }
}

/** Runs an action for each item. After a failure no further one begins, and those in progress end before it is thrown. */
async function forEachConcurrently<T>(
  items: readonly T[],
  concurrency: number,
  action: (item: T) => Promise<void>,
): Promise<void> {
  if (items.length === 1) return action(items[0]!);
  const rest = items.values();
  let failed = false;
  const workers = Array.from({ length: concurrency }, async () => {
    for (const item of rest) {
      if (failed) return;
      await action(item).catch((error: unknown) => {
        failed = true;
        throw error;
      });
    }
  });
  const failure = (await Promise.allSettled(workers)).find(({ status }) => status === 'rejected');
  if (failure) throw (failure as PromiseRejectedResult).reason;
}
