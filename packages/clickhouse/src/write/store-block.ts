import { randomUUID } from 'node:crypto';
import type {
  AcknowledgedWrite,
  CallOptions,
  DatabaseError,
  RecordDefinition,
  RecordName,
} from '@quantumtrade/dal-domain';
import { ConnectionError, isDatabaseError } from '@quantumtrade/dal-domain';
import { allOf, forEachConcurrently } from '@quantumtrade/dal-runtime';
import { BrokenAnswerError, NotUtf8Error } from '../codec/read/decode-errors.js';
import { decodeWholeBlock } from '../codec/read/block-decoder.js';
import type { DecodedBlock } from '../codec/read/block-parser.js';
import { splitBlock } from '../codec/read/block-splitter.js';
import type { AnsweringServer, ReadTally, Sql, SqlBlock } from '../connection/sql.js';
import type { BlockArchiver } from './block-archiver.js';
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
  /** The shard of all its rows. */
  readonly shard: number;
  /** When the write was acknowledged (epoch milliseconds). @default when the block is stored */
  readonly acknowledgedAt?: number | undefined;
}

type NewBlock = Pick<UnstoredBlock, 'bytes' | 'rowCount' | 'shard'>;

/** Rows of one batch that are surely stored, and where. */
export class StoredRows {
  stored = 0;
  readonly writes: AcknowledgedWrite[] = [];
}

/**
 * Stores blocks of one table, each once. Where a block has more than `maxRows`, or the server or a gateway before it refuses
 * it as too large, its halves are stored, and theirs, down to single rows; each has a token that follows from the block's, so
 * that an attempt after a failure sends the same parts. A single row that is too large fails with a `QueryError` of the kind
 * `TOO_LARGE`.
 */
export class BlockStore {
  /** Rows that were stored, and the bytes of their blocks. */
  readonly stored = { rows: 0, bytes: 0 };
  readonly #definition: RecordDefinition;
  readonly #operation: string;
  readonly #archiver: BlockArchiver | undefined;
  /** Undefined until a block is refused as too large. */
  #refusedSizes: RefusedSizes | undefined;

  /** With an archiver, a block is stored when it is archived as well. */
  constructor(definition: RecordDefinition, archiver?: BlockArchiver) {
    this.#definition = definition;
    this.#archiver = archiver;
    this.#operation = `${definition.name}.insert`;
  }

  /**
   * Stores a block through this connection, and then adds its rows to `progress`. The rows of a block that may have been sent
   * before are looked up, and so are those that the server's counts do not confirm.
   */
  async store(
    sql: Sql,
    block: UnstoredBlock,
    options: CallOptions | undefined,
    progress: StoredRows,
  ): Promise<void> {
    const store = () => this.#storeCopies(sql.copiesOf(block.shard), block, options);
    const writes = this.#archiver
      ? await this.#archiver.store(this.#definition.name as RecordName, block, store, options)
      : await store();
    progress.writes.push(...writes);
    progress.stored += block.rowCount;
    this.stored.rows += block.rowCount;
    this.stored.bytes += block.bytes.length;
  }

  /** Stores a block on each copy, and waits for all of them before it throws the error of one. */
  async #storeCopies(
    copies: readonly Sql[],
    block: UnstoredBlock,
    options: CallOptions | undefined,
  ): Promise<AcknowledgedWrite[]> {
    if (copies.length === 1) return this.#store(copies[0]!, block, options);
    return (await allOf(copies.map((copy) => this.#store(copy, block, options)))).flat();
  }

  /** Returns where the block, or each of its parts, is stored. */
  async #store(
    sql: Sql,
    block: UnstoredBlock,
    options: CallOptions | undefined,
  ): Promise<AcknowledgedWrite[]> {
    const { token, bytes, rowCount, retried, isNew, maxRows = Infinity } = block;
    const size = bytes.length;
    if (rowCount > maxRows || (rowCount > 1 && this.#refusedSizes?.isTooLarge(size))) {
      return this.#storeHalves(sql, block, options);
    }
    try {
      const sent = { table: this.#definition.table, token, bytes, rowCount, retried };
      const { attempts, confirmed, server } = await sql.insert(this.#operation, sent, options);
      const isSure = isNew && attempts === 1 && confirmed;
      const holder = isSure ? server : await this.#ensureStored(sql.continuing, sent, options);
      this.#refusedSizes?.accepted(size);
      return [this.#acknowledged(holder, token)];
    } catch (error) {
      if (rowCount === 1 || !isTooLarge(error)) throw error;
      const writes = await this.#storeHalves(sql, block, options);
      this.#refusedSizes ??= new RefusedSizes();
      this.#refusedSizes.acceptedInParts(size);
      return writes;
    }
  }

  #acknowledged({ name, shard }: AnsweringServer, id: string): AcknowledgedWrite {
    const record = this.#definition.name as RecordName;
    return { endpoint: name, shard, record, id };
  }

  /** Stores new blocks of different partitions, several at once. Each is sent again while it may succeed. */
  storeAll(
    sql: Sql,
    blocks: readonly NewBlock[],
    options: CallOptions | undefined,
    progress: StoredRows,
  ): Promise<void> {
    if (blocks.length === 1) return this.#storeNew(sql, blocks[0]!, options, progress);
    return forEachConcurrently(blocks, CONCURRENT_INSERTS, (block) =>
      this.#storeNew(sql, block, options, progress),
    );
  }

  #storeNew(
    sql: Sql,
    { bytes, rowCount, shard }: NewBlock,
    options: CallOptions | undefined,
    progress: StoredRows,
  ): Promise<void> {
    const block = { token: randomUUID(), bytes, rowCount, shard, retried: true, isNew: true };
    return this.store(sql, block, options, progress);
  }

  async #storeHalves(
    sql: Sql,
    { token, bytes, ...rest }: UnstoredBlock,
    options: CallOptions | undefined,
  ): Promise<AcknowledgedWrite[]> {
    const writes: AcknowledgedWrite[] = [];
    for (const [n, half] of splitBlock(bytes).entries()) {
      writes.push(
        ...(await this.#store(sql.continuing, { ...rest, ...half, token: `${token}/${n}` }, options)),
      );
    }
    return writes;
  }

  /**
   * The engine notes a token shortly before the rows are a part of the table. When it dies in between, it takes the block for
   * stored as long as it remembers the token, and answers so. Therefore the rows of a block that was sent are looked up, and
   * sent under another token where they are missing. Returns the server that has them.
   */
  async #ensureStored(sql: Sql, block: SqlBlock, options: CallOptions | undefined): Promise<AnsweringServer> {
    const operation = this.#operation;
    const { table, token, bytes } = block;
    const keys = new BlockKeys(this.#definition, [(await decodeNativeBlock(bytes))!]);
    const lookup: ReadTally = { rows: 0, bytes: 0 };
    for (let n = 1; !(await hasRows(sql, keys, operation, options, lookup)); n++) {
      if (n === MAX_TOKENS) {
        throw new ConnectionError(
          `the server reports the rows of a block as stored, but ${table} lacks them`,
          { operation },
        );
      }
      await sql.insert(operation, { ...block, token: `${token}:${n}` }, options);
    }
    return lookup.server!;
  }
}

const isTooLarge = (error: unknown): error is DatabaseError =>
  isDatabaseError(error) && error.kind === 'TOO_LARGE';

/** Decodes bytes as one block; undefined when they are anything else. */
export async function decodeNativeBlock(bytes: Uint8Array): Promise<DecodedBlock | undefined> {
  try {
    return decodeWholeBlock(bytes);
  } catch (error) {
    if (error instanceof BrokenAnswerError || error instanceof NotUtf8Error) return undefined;
    throw error;
  }
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
