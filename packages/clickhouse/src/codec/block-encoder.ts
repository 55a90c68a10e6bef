import type { RecordDefinition, RowError } from '@quantumtrade/dal-domain';
import { columnOf } from '@quantumtrade/dal-domain';
import type { AppendedRows, AppendOptions, EncodedBlock } from './block-builder.js';
import { BlockBuilder, BlockPool } from './block-builder.js';
import type { ColumnField } from './columns/writer-of.js';
import type { ColumnSources } from './input-plan.js';
import { InputPlan } from './input-plan.js';
import type { Steps } from './steps.js';
import { lastOf } from './steps.js';

/** A batch as blocks: one for each month, none without an accepted row. */
export interface EncodedBatch {
  readonly blocks: readonly EncodedBlock[];
  readonly rowCount: number;
  /** Why the other rows are not in the blocks, in order of the rows. */
  readonly errors: readonly RowError[];
  /** Accepted rows in which a decimal was rounded. */
  readonly roundedCount: number;
}

/**
 * Turns records into blocks of ClickHouse's Native format, ready to insert.
 *
 * A row is accepted or refused, for the same reason, as the domain's `toCanonicalRow` would, and what is written is what that
 * would return; but rows are checked while they are written, and nothing is made of them in between.
 */
export class BlockEncoder {
  readonly #plan: InputPlan;
  readonly #pool: BlockPool;

  /** `extraFields` become columns behind the record's own, e.g. `{ writtenAt: { kind: 'version' } }`. */
  constructor(definition: RecordDefinition, extraFields: Readonly<Record<string, ColumnField>> = {}) {
    this.#plan = new InputPlan(definition, extraFields);
    this.#pool = new BlockPool(this.#plan);
  }

  /** The columns of the blocks, in order. */
  get columns(): string[] {
    return this.#plan.fields.map(([name]) => columnOf(name));
  }

  /** Collects several batches, with constants of their own, into common blocks. */
  builder(): BlockBuilder {
    return new BlockBuilder(this.#plan, this.#pool);
  }

  encodeRows(rows: readonly unknown[], options?: AppendOptions): EncodedBatch {
    return this.#encode((builder) => builder.appendRows(rows, options));
  }

  encodeColumns(columns: ColumnSources, options?: AppendOptions): EncodedBatch {
    return this.#encode((builder) => builder.appendColumns(columns, options));
  }

  #encode(append: (builder: BlockBuilder) => Steps<AppendedRows>): EncodedBatch {
    const builder = this.builder();
    const { errors, roundedCount } = lastOf(append(builder));
    const { rowCount } = builder;
    return { blocks: builder.finish(), rowCount, errors, roundedCount };
  }
}
