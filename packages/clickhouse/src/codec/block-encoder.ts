import type { RecordDefinition, RowError } from '@quantumtrade/dal-domain';
import { columnOf } from '@quantumtrade/dal-domain';
import type { ColumnOptions, NativeBlock, BatchAppend, RowOptions } from './block-builder.js';
import { BlockBuilder } from './block-builder.js';
import { ColumnPool } from './block-columns.js';
import type { ColumnSources } from './inputs.js';
import { InputPlan } from './inputs.js';
import type { TableField } from './kinds.js';
import type { ShardOf } from './row-splitters.js';
import { ShardSplitter } from './row-splitters.js';

/** Spreads the rows of a table over shards by the value of one field. */
export interface RowSharding {
  readonly field: string;
  readonly shardOf: ShardOf;
}

/** A batch as blocks: one for each month and shard, none without an accepted row. */
export interface EncodedBatch {
  readonly blocks: readonly NativeBlock[];
  readonly rowCount: number;
  /** Why the other rows are not in the blocks, in order of the rows. */
  readonly errors: readonly RowError[];
  /** Accepted rows in which a decimal was rounded. */
  readonly roundedCount: number;
}

/**
 * Encodes records as blocks of ClickHouse's Native format, ready to insert.
 *
 * A row is accepted or refused, for the same reason, as the domain's `toCanonicalRow` would, and what is written is what that
 * would return; but rows are checked while they are written, and nothing is made of them in between.
 */
export class BlockEncoder {
  readonly #plan: InputPlan;
  readonly #pool: ColumnPool;
  readonly #sharding: RowSharding | undefined;

  /**
   * `extraFields` become columns behind the record's own, e.g. `{ writtenAt: { kind: 'version' } }`.
   * @param sharding @default there is one shard
   */
  constructor(
    definition: RecordDefinition,
    extraFields: Readonly<Record<string, TableField>> = {},
    sharding?: RowSharding,
  ) {
    this.#sharding = sharding;
    this.#plan = new InputPlan(definition, extraFields);
    this.#pool = new ColumnPool(this.columns.map((name, i) => [name, this.#plan.fields[i]![1]]));
  }

  /** The columns of the blocks, in order. */
  get columns(): string[] {
    return this.#plan.fields.map(([name]) => columnOf(name));
  }

  /** Returns a builder that collects several batches, with constants of their own, into common blocks. */
  builder(): BlockBuilder {
    return new BlockBuilder(this.#plan, this.#pool, this.#splitter());
  }

  /** Encodes row objects. Throws `ValidationError` if a constant is wrong. */
  encodeRows(rows: readonly unknown[], options: RowOptions = {}): EncodedBatch {
    const constants = this.#plan.checkConstants(options.constants ?? {});
    return this.#encode((builder) => builder.appendRows(rows, { ...options, constants }));
  }

  /** Encodes columns. Throws `ValidationError` if a constant is wrong or they do not make up rows. */
  encodeColumns(columns: ColumnSources, options?: ColumnOptions): EncodedBatch {
    return this.#encode((builder) => builder.appendColumns(columns, options));
  }

  #splitter(): ShardSplitter | undefined {
    if (!this.#sharding) return undefined;
    const { field, shardOf } = this.#sharding;
    const position = this.#plan.fields.findIndex(([name]) => name === field);
    return new ShardSplitter(position, this.#plan.fields[position]![1], shardOf);
  }

  #encode(append: (builder: BlockBuilder) => BatchAppend): EncodedBatch {
    const builder = this.builder();
    const { errors, roundedCount } = append(builder).complete();
    const { rowCount } = builder;
    return { blocks: builder.finish(), rowCount, errors, roundedCount };
  }
}
