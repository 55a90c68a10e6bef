import type {
  CheckedConstant,
  Column,
  Field,
  PreparedRow,
  RecordDefinition,
  Rounding,
} from '@quantumtrade/dal-domain';
import { checkColumns, requireField } from '@quantumtrade/dal-domain';
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
