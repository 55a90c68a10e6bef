import type {
  CheckedConstant,
  Column,
  Field,
  PreparedRow,
  RecordDefinition,
  Rounding,
} from '@quantumtrade/dal-domain';
import { checkColumns, requireField } from '@quantumtrade/dal-domain';
import { InstantWriter } from './columns/integers.js';
import type { TableField } from './kinds.js';
import type { RowLoop } from './row-loops.js';
import { canonicalLoop, loopForSource, propertyLoop, versionLoop } from './row-loops.js';

export interface VaryingInput {
  readonly source: unknown;
  readonly loop: RowLoop;
}

/** Source of the values of one column: one constant for all rows, or a loop over a source. */
export type ColumnInput = CheckedConstant | VaryingInput;

/** Columns in place of rows, by field name, all of one length. */
export type ColumnSources = Readonly<Record<string, Column | undefined>>;

/** Canonical values of fields that are the same in all rows. */
export type Constants = Readonly<Record<string, unknown>>;

/** The inputs of the columns of one table, and the loops that read them, compiled once. */
export class InputPlan {
  readonly definition: RecordDefinition;
  readonly fields: readonly (readonly [name: string, field: TableField])[];
  readonly #operation: string;
  /** All fields but versions, which no caller gives. */
  readonly #givenFields: Readonly<Record<string, Field>>;
  readonly #propertyLoops: readonly RowLoop[];
  readonly #canonicalLoops: readonly RowLoop[];
  readonly #sourceLoops: readonly Map<string, RowLoop>[];

  constructor(definition: RecordDefinition, extraFields: Readonly<Record<string, TableField>>) {
    this.definition = definition;
    this.fields = Object.entries({ ...definition.fields, ...extraFields });
    this.#givenFields = Object.fromEntries(this.fields.filter(isGiven));
    this.#operation = `${definition.name}.insert`;
    this.#propertyLoops = this.fields.map(([name]) => propertyLoop(name));
    this.#canonicalLoops = this.fields.map(([name, field]) =>
      field.kind === 'version' ? versionLoop : canonicalLoop(name),
    );
    this.#sourceLoops = this.fields.map(() => new Map());
  }

  /** Throws `ValidationError` if a constant is wrong; returns the canonical ones. */
  checkConstants(constants: Constants): Constants {
    const checked = Object.entries(constants).map(([name, value]) => {
      const field = this.#givenFields[name];
      return [name, field ? requireField(field, name, value, this.#operation) : value];
    });
    return Object.fromEntries(checked) as Constants;
  }

  /** Returns the inputs of row objects. Fields that `constants` have are not read from the rows. */
  ofRows(rows: readonly unknown[], constants: Constants): ColumnInput[] {
    const { fields } = this;
    const inputs: ColumnInput[] = [];
    for (let position = 0; position < fields.length; position++) {
      const constant = constants[fields[position]![0]] as CheckedConstant['constant'] | undefined;
      inputs.push(
        constant === undefined ? { source: rows, loop: this.#propertyLoops[position]! } : { constant },
      );
    }
    return inputs;
  }

  /** Returns the inputs of rows that the domain has checked. */
  ofCanonicalRows(rows: readonly PreparedRow[]): ColumnInput[] {
    return this.#canonicalLoops.map((loop) => ({ source: rows, loop }));
  }

  /**
   * Returns the inputs of columns and their number of rows. Throws `ValidationError` if a constant is wrong or the columns
   * do not make up rows.
   */
  ofColumns(
    sources: ColumnSources,
    constants: Constants,
    version: bigint | undefined,
    rounding?: Rounding,
  ): { inputs: ColumnInput[]; rowCount: number } {
    const checked = checkColumns(this.#givenFields, sources, constants, this.#operation, rounding);
    return {
      rowCount: checked.rowCount,
      inputs: this.fields.map(([name, field], position) => {
        if (field.kind === 'version') return { constant: version! };
        const source = checked.inputs.get(name)!;
        if ('constant' in source) return source;
        return { source, loop: loopForSource(source, field, this.#sourceLoops[position]!) };
      }),
    };
  }
}

const isGiven = (entry: readonly [string, TableField]): entry is [string, Field] =>
  entry[1].kind !== 'version';

/** One month: counted from the year 0, and its instants in epoch milliseconds, the end excluded. */
interface Month {
  readonly number: number;
  readonly start: number;
  readonly end: number;
}

/** Rows of one month, and the inputs to read them from. */
interface RowsOfMonth {
  readonly month: number;
  readonly selection: Uint32Array;
  readonly inputs: readonly ColumnInput[];
}

const WITHOUT_MONTH = 0;

/** Splits rows by the month of their timestamp, which is their partition. */
export class MonthSplitter {
  readonly #position: number;
  /** The timestamps of the rows being appended. */
  readonly #timestamps = new InstantWriter({ kind: 'instant' });
  /** The month of the last instant: instants come in runs. */
  #month: Month = { number: NaN, start: Infinity, end: -Infinity };

  /** `position` is that of the timestamp among the fields; -1 for a table without one, which has one partition. */
  constructor(position: number) {
    this.#position = position;
  }

  /** Splits the selected rows. Rows with a wrong timestamp come under any month: their column refuses them. */
  split(inputs: readonly ColumnInput[], selection: Uint32Array): RowsOfMonth[] {
    const input = inputs[this.#position];
    if (!input) return [{ month: WITHOUT_MONTH, selection, inputs }];
    if ('constant' in input) {
      return [{ month: this.#monthOf(input.constant as number).number, selection, inputs }];
    }
    const timestamps = this.#timestamps;
    timestamps.zero(selection.length);
    const areRight = readTimestamps(input, selection, timestamps, 0);
    const { number, start, end } = this.#monthOf(timestamps.epochMs(0));
    if (selection.length > 1 && !timestamps.lieWithin(start, end, selection.length))
      return this.#byMonth(inputs, selection);
    if (!areRight) return [{ month: number, selection, inputs }];
    const read = { source: { timestamps, selection, input }, loop: alreadyReadLoop };
    return [{ month: number, selection, inputs: inputs.with(this.#position, read) }];
  }

  #byMonth(inputs: readonly ColumnInput[], selection: Uint32Array): RowsOfMonth[] {
    const groups = new Map<number, number[]>();
    selection.forEach((index, at) => {
      const month = this.#monthOf(this.#timestamps.epochMs(at)).number;
      const group = groups.get(month);
      if (group) group.push(index);
      else groups.set(month, [index]);
    });
    return Array.from(groups, ([month, group]) => ({ month, selection: Uint32Array.from(group), inputs }));
  }

  #monthOf(epochMs: number): Month {
    if (epochMs >= this.#month.start && epochMs < this.#month.end) return this.#month;
    const date = new Date(epochMs);
    const year = date.getUTCFullYear();
    const month = date.getUTCMonth();
    this.#month = {
      number: 12 * year + month,
      start: Date.UTC(year, month),
      end: Date.UTC(year, month + 1),
    };
    return this.#month;
  }
}

/** Reads the timestamps that are right and returns whether all are; the others stay as they were. */
function readTimestamps(
  input: VaryingInput,
  selection: Uint32Array,
  timestamps: InstantWriter,
  firstRow: number,
): boolean {
  let areRight = true;
  try {
    input.loop(input.source, selection, timestamps, firstRow, () => (areRight = false));
  } catch {
    areRight = false;
    if (selection.length === 1) return false;
    selection.forEach((index, k) => readTimestamps(input, Uint32Array.of(index), timestamps, firstRow + k));
  }
  return areRight;
}

/** Timestamps of a selection, and the input that they were read from. */
interface ReadTimestamps {
  readonly timestamps: InstantWriter;
  readonly selection: Uint32Array;
  readonly input: VaryingInput;
}

/** Copies timestamps that are read. Their input still serves for a part of the selection. */
const alreadyReadLoop: RowLoop = (source, selection, column, firstRow, refuse) => {
  const { timestamps, selection: selected, input } = source as ReadTimestamps;
  if (selection === selected) (column as InstantWriter).copy(timestamps, selection.length, firstRow);
  else input.loop(input.source, selection, column, firstRow, refuse);
};
