import type { AnyColumns, InstantForm, RecordDefinition } from '@quantumtrade/dal-domain';
import { columnOf, unreadableValue } from '@quantumtrade/dal-domain';
import { kindReaderOf } from '../kinds.js';
import { DecodedBlock } from './block-parser.js';
import type { NativeColumn } from './column.js';
import type { KindReader, ReadField, RowRange, RowValues } from './kind-reader.js';
import { joinLists, NullableValues } from './kind-reader.js';
import { NullableColumn } from './nested-columns.js';
import type { NumberMemory } from './number-memory.js';
import { ColumnMemory } from './number-memory.js';
import type { ObjectMaker } from './object-maker.js';
import { compileObjectMaker } from './object-maker.js';

/** Fields and form in which a record is read. */
export interface RecordReading {
  /** Fields to read. @default all fields */
  readonly select?: readonly string[] | undefined;
  /** Whether decimals are strings and 64-bit integers are bigints. */
  readonly exact?: boolean | undefined;
  /** Form of the instants of rows. @default date */
  readonly instants?: InstantForm | undefined;
}

/** Shapes of answers that makers are kept for. A table has one, and another while it is migrated. */
const MAX_SHAPES = 8;

/**
 * Converts blocks to the rows or columns of one record, with the values of the domain's `toOutputRow`. Throws `QueryError` for a
 * value that cannot be returned as asked, and `TypeError` for a block that lacks a column or has one of another type.
 */
export class RecordReader {
  /** Names of the fields that are read, in the order of the definition. */
  readonly names: readonly string[];
  /** Columns to select, as SQL. */
  readonly selectList: string;
  readonly #fields: readonly FieldReader[];
  /** By the types of the columns. */
  readonly #makers = new Map<string, ObjectMaker>();

  constructor(definition: RecordDefinition, reading: RecordReading = {}) {
    const { select } = reading;
    const all = Object.keys(definition.fields);
    this.names = select ? all.filter((name) => select.includes(name)) : all;
    this.selectList = this.names.map(columnOf).join(', ');
    this.#fields = this.names.map((name) => new FieldReader(definition, name, reading));
  }

  /** Returns the rows `from` up to `to` of a block, by default all of them. Other rows are not looked at. */
  rows(block: DecodedBlock, from = 0, to = block.rowCount, memories?: readonly NumberMemory[]): object[] {
    const rows: object[] = [];
    this.appendRows(rows, block, from, to, memories);
    return rows;
  }

  /** Appends the rows `from` up to `to` of a block to a list. */
  appendRows(
    rows: object[],
    block: DecodedBlock,
    from = 0,
    to = block.rowCount,
    memories: readonly NumberMemory[] = [],
  ): void {
    const range = { from, to };
    let types = '';
    const values = this.#fields.map((field, i) => {
      const column = block.column(field.column);
      types += `${column.type} `;
      return field.values(column, range, memories[i]);
    });
    this.#makerFor(types, values)(rows, values, from, to);
  }

  /**
   * Returns a function that converts the blocks of one answer of up to `maxRows` while further ones are on their way. A block that cannot be
   * converted stays as it is: the server may yet report an error, and {@link columns} says what is wrong with the block.
   */
  converter(maxRows: number): (block: DecodedBlock) => DecodedBlock {
    const fields = this.#fields.map((field) => ({ field, memory: new ColumnMemory(maxRows) }));
    return (block) => {
      try {
        const columns = fields.map(
          ({ field, memory }) => [field.column, field.convert(block.column(field.column), memory)] as const,
        );
        return new DecodedBlock(block.rowCount, new Map(columns));
      } catch {
        return block;
      }
    };
  }

  /** Returns the columns of all rows of some blocks, as they are or as a {@link converter} returns them. Columns may be those of the blocks. */
  columns(blocks: readonly DecodedBlock[]): AnyColumns {
    return {
      rowCount: blocks.reduce((sum, { rowCount }) => sum + rowCount, 0),
      columns: Object.fromEntries(
        this.#fields.map((field) => [
          field.name,
          field.join(blocks.map((block) => block.column(field.column))),
        ]),
      ),
    };
  }

  #makerFor(types: string, examples: readonly RowValues[]): ObjectMaker {
    let maker = this.#makers.get(types);
    if (!maker) {
      maker = compileObjectMaker(this.names, examples);
      if (this.#makers.size === MAX_SHAPES) this.#makers.clear();
      this.#makers.set(types, maker);
    }
    return maker;
  }
}

/** Reads one field of a record. */
class FieldReader {
  readonly name: string;
  readonly column: string;
  readonly #field: ReadField;
  readonly #reader: KindReader;

  constructor(
    definition: RecordDefinition,
    name: string,
    { exact = false, instants = 'date' }: RecordReading,
  ) {
    const field = definition.fields[name]!;
    this.name = name;
    this.column = columnOf(name);
    this.#reader = kindReaderOf(field);
    this.#field = {
      field,
      exact,
      instants,
      refuse(invalid) {
        throw unreadableValue(definition, name, invalid);
      },
    };
  }

  /** Returns the values of rows. */
  values(column: NativeColumn, range: RowRange, memory?: NumberMemory): RowValues {
    if (!(column instanceof NullableColumn)) return this.#reader.values(column, this.#field, range, memory);
    const { absent } = column;
    return new NullableValues(
      absent,
      this.#reader.values(column.values, this.#field, { ...range, absent }, memory),
      range.from,
    );
  }

  convert(column: NativeColumn, memory: NumberMemory): NativeColumn {
    if (this.#field.field.nullable) return column;
    return this.#reader.convert?.(column, this.#field, memory) ?? column;
  }

  /** Joins the columns of several blocks; a nullable field has a list of the values of rows. */
  join(columns: readonly NativeColumn[]): unknown {
    return this.#field.field.nullable
      ? joinLists(columns, (column, range) => this.values(column, range))
      : this.#reader.join(columns, this.#field);
  }
}

const readers = new WeakMap<RecordDefinition, Map<string, RecordReader>>();
/** Readers of one record that are kept. Callers mostly select few sets of fields. */
const MAX_READERS = 100;

/** Returns the reader of these fields, which is created once. */
export function recordReader(definition: RecordDefinition, reading: RecordReading = {}): RecordReader {
  let known = readers.get(definition);
  if (!known) readers.set(definition, (known = new Map()));
  const key = `${reading.exact ?? false} ${reading.instants ?? 'date'} ${reading.select?.join() ?? '*'}`;
  let reader = known.get(key);
  if (!reader) {
    if (known.size === MAX_READERS) known.clear();
    known.set(key, (reader = new RecordReader(definition, reading)));
  }
  return reader;
}
